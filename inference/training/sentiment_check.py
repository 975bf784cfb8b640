"""Short reviews written to check the sentiment model by hand; never trained on."""

from __future__ import annotations

from inference.training.readers import Labelled

_NEGATIVE = """
    不咋好吃|跟之前比差远了|等得花儿都谢了|肉都是生的|包装烂得不成样子|客服一问三不知|
    用了一次就坏|不会再光顾|味道真不敢恭维|性价比太低|没有传说中那么好|谈不上满意|不够新鲜|
    颜色跟图片差太多|快递摔坏了箱子|真后悔下单|这也能叫红烧肉？|送来的时候汤洒了一半|态度极其恶劣|
    声音大得睡不着|字小得看不清|not as nice as i hoped|i wouldn't call it good|
    it's not very comfortable|stay away|i regret this purchase|it never worked properly|
    the strap snapped on day two|far too small and badly made|didn't last a month|
    nobody answered my emails|not what i paid for|looks nothing like the photo|
    it isn't even close to quiet|way too salty, not coming back|smelled weird and felt flimsy|
    i can't say i'm happy with it|hardly usable
"""
_POSITIVE = """
    一点都不失望|没有理由不给好评|真不赖|比我预想的好多了|全家都爱吃|不愧是老店|送得飞快|
    穿上很显瘦|一分钱一分货，值|挺划算的|没有任何问题|不软不硬刚刚好|汤很鲜，饭也热|师傅人特别好|
    用了半年还跟新的一样|宝宝用着很舒服|不难看，挺大气|已经推荐给同事了|不枉等这么久|
    音质清楚，不刺耳|not bad for this price|i have zero complaints|can't fault it|
    you won't be disappointed|it never lets me down|isn't heavy at all, love that|
    works like a charm|my wife adores it|sturdier than it looks|arrived a day early|
    wasn't expecting much but wow|best mug i own|no regrets at all|soft, warm and not itchy|
    does exactly what it should|not a single problem in a year|so glad i bought this|
    tastes wonderful
"""
_NEUTRAL = """
    东西就那么回事|不算惊艳，也不踩雷|说不上好吃，也不难吃|能凑合着穿|价格便宜，质量也就对应这个价|
    跟普通的没什么两样|感觉平平|用起来没什么感觉|有优点也有缺点，自己看着办|先放着，还没拆|
    it's an okay mug, nothing exciting|does what it says, no more no less|some parts good, some not|
    can't decide whether i like it|about what you'd expect for ten dollars|
    right in the middle for me|it's neither here nor there|have not opened it yet
"""


def checked_reviews() -> list[Labelled]:
    """Return every review with its class: 0 negative, 1 neutral, 2 positive."""
    return [
        Labelled(" ".join(part.split()), label)
        for label, texts in enumerate((_NEGATIVE, _NEUTRAL, _POSITIVE))
        for part in texts.split("|")
    ]
