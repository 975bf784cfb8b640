"""Makes the bundled models from public data; needs the `train` extra and the data's folder.

vocabulary.py         a bilingual vector for each piece of the tokenizer; command
tokenizer.py          one tokenizer for all models
sentiment.py          reviews, Chinese and English; command
sentiment_phrases.py  short reviews written for this project
sentiment_check.py    short reviews that check it and are never trained on
linear.py             the teacher and the floor of sentiment
intent.py             customers' messages, Chinese and English; command
intent_data.py        public messages, labelled by mapping and by rule
intent_check.py       messages that check it and are never trained on
sentences.py          customers' messages written for this project
sentence_patterns.py  the same, with places for products and orders
recommend.py          purchases in the order of their time; command
shop.py               the purchases, floors and figures of the recommender
readers.py            the public sets
encoder.py            the encoder of the classifiers
loop.py               batches, schedule, evaluation, calibration
export.py             what a model folder holds
"""
