"""A shop's own models: any classifier of transformers, tuned on the shop's own texts.

settings.py     how it is trained
folder.py       the folder that is written: who may, what names the training
objectives.py   what a batch's loss is: classes, attributes, masked pieces
trainer.py      the loop: steps, epochs, early stopping; goes on where it was killed
checkpoint.py   weights, optimizer and history on disk, each file whole or not there
history.py      losses and figures so far
precision.py    device, and bfloat16 where it has instructions for it
bases.py        the model that is begun with, and its new head
scoring.py      a network's logits for any number of texts
validation.py   the figures that choose the epoch
calibrating.py  temperatures and thresholds
curves.py       the history as a picture
card.py         the model's README.md
teacher.py      a larger model's opinion of the training texts
finetune.py     all of it: data in, a model folder out
in_batch.py     questions near their replies: loss and figures
replies.py      chats in, a sentence encoder out; through the same loop
reply_card.py   that one's README.md
pretrain.py     an encoder from plain texts, through the same loop
"""
