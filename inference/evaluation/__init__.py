"""How well a classifier labels texts whose labels are known: no Kafka, no worker process.

scoring.py      a model loaded as the worker loads it, and its rows for texts
report.py       classes that exclude each other: accuracy, macro-F1, confusion
attributes.py   attributes that do not: figures of each at its threshold
figures.py      figures of one class or attribute from counts
intervals.py    bootstrap intervals of figures
calibration.py  whether a probability of 0.9 is right nine times of ten
mistakes.py     what was labelled wrongly, the surest first
floor.py        TF-IDF with logistic regression, which a model has to beat
retrieval.py    whether the right reply is found among others: recall, MRR, BLEU
neighbours.py   TF-IDF, which a sentence encoder has to beat
replies.py      both on a file of exchanges
plots.py        reliability and confusion as pictures
"""
