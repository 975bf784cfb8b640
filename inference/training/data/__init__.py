"""A shop's own labelled texts, from its files to what a model is trained on.

cleaning.py     one text: Unicode, HTML, control characters, long runs
labelling.py    what a row's label means: sentiment, a name, a list, columns of 0 and 1
losses.py       what was left out, and why
reading.py      a file's rows as examples
duplicates.py   the same text twice, with one label or with two; texts of a test file
splits.py       parts that hold the same share of each label
exchanges.py    questions with their replies, from files to parts
dataset.py      all of it: files in, training, validation and test out

Nothing is left out silently: each row that is not trained on is a `Loss` with reason and place.
"""
