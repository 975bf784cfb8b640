"""Makes the bundled models from public data; needs the `train` extra and the data's folder.

vocabulary.py         a bilingual vector for each piece of the tokenizer; command
tokenizer.py          one tokenizer for all models
base.py               the bilingual encoder that sentiment starts from; command
transfer.py           its layers from an English one, its Chinese vectors by a map
sentiment.py          reviews, Chinese and English; command
sentiment_phrases.py  short reviews written for this project
sentiment_check.py    short reviews that check it and are never trained on
moderation.py         what a shop may not want to print; command
moderation_data.py    what that is learnt from
moderation_patterns.py, moderation_sentences.py  sentences written for this project
moderation_check.py   sentences that check it and are never trained on
many_labels.py        training where a text has any number of labels
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
data                  a shop's own files: cleaned, deduplicated, split
tuning                any classifier on them; checkpoints, calibration, card
"""
