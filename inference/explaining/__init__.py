"""Which words moved a score.

words.py      a text cut into words, Chinese ones too
occlusion.py  what each word's absence does to the score
page.py       the same as a page of its own
"""
