"""Smaller models: fewer pieces, layers and bits. Works on a folder's files; no network is built.

folder.py      a model's folder read, and written as a new one
vocabulary.py  pieces that no text of the shop's has, taken out
layers.py      layers taken out; to be tuned again afterwards
int8.py        a folder that says that it is computed in 8 bits
comparing.py   size, speed and figures before and after
"""
