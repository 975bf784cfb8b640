"""Texts that a loaded network is timed on and compared on."""

from __future__ import annotations

_SENTENCES = (
    "good",
    "不好",
    "arrived in two days, works as it should",
    "The colour is lovely but the zip broke after a week, so I sent it back.",
    "质量很好，尺码也合适，还会再来买。",
    "等了十天才到，包装破了，客服也不回复，很失望",
    "Not bad for the price. I expected worse, and my sister wants one too!",
    "一般般吧，说不上好，也说不上差",
    "where is my order? it should have been here on Monday",
    "这件衣服可以退吗？标签还在，没有穿过。",
    "Does this jacket come in green, and is it warm enough for winter?",
    "味道偏咸，送来的时候已经凉了，不过分量挺足",
    "five stars: soft, light, and it fits like a glove",
    "never again. it stopped charging, and nobody answers my mails",
    "颜色和图片不一样，做工粗糙，线头很多，差评",
    "孩子很喜欢，睡觉都抱着，谢谢店家",
    "It is fine. Nothing special, nothing wrong with it either.",
    "I wanted to love these shoes, but they hurt after an hour of walking.",
    "please cancel order 4711 before it ships",
    "手机壳有点松，按键不灵，凑合用",
    "delivery was quick, the manual is only in German, the product itself is great",
    "东西还行，就是物流太慢了",
    "cheap plastic, smells odd, went straight into the bin",
    "第三次回购了，一如既往的好",
)
SAMPLES = (*_SENTENCES, "，".join(_SENTENCES[:8]))
"""Sentences of one word and of several, in both languages, and one text of many."""
