"""Short reviews written for this project: long ones alone do not teach what "not bad" says.

Parts are put together at random: an aspect with what is said of it, negations both ways, and two
clauses of which the second decides. Parts stand between bars.
"""

from __future__ import annotations

import random
from typing import Final

from inference.training.readers import Labelled

NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split("|") if part.strip())


_ZH_ASPECTS: Final = _parts(
    """
    质量|物流|包装|味道|服务|服务态度|态度|颜色|手感|口感|送餐|快递|客服|屏幕|电池|房间|面料|做工|
    性价比|音质|款式|尺码|售后|发货|配送|骑手态度|菜品|分量|卖家|店家|东西|效果|外观|体验|印刷|
    米饭|汤|饮料|早餐|卫生|环境|内容|系统
    """
)
_ZH_GOOD: Final = _parts(
    """
    好|很好|非常好|不错|挺好的|很不错|真好|超级好|没问题|给力|很棒|很赞|没话说|没得说|无可挑剔|
    相当好|令人满意|一流|让人放心|比想象中好|不差|一点都不差|挑不出毛病|好评|可以的|杠杠的|
    超出预期|不比实体店差|好得很|👍|👍👍|😍
    """
)
_ZH_BAD: Final = _parts(
    """
    差|很差|太差了|非常差|不好|很不好|不怎么样|不行|不太行|真不行|不太好|不是很好|一点都不好|糟糕|
    让人失望|一塌糊涂|有问题|没法说|差劲|烂|太烂了|不敢恭维|不如以前|不如图片|没有描述的那么好|
    没想象的好|不值得|不够好|并不好|😡|👎|😞|💩|垃圾
    """
)
_ZH_GOOD_WHOLE: Final = _parts(
    """
    好|很好|好吃|很好吃|太好吃了|好喝|不难吃|不贵|一点也不贵|不慢|很快|送得很快|送货快|速度快|
    准时|准时送到|提前送到|不错|还不错|挺不错的|喜欢|很喜欢|孩子喜欢|家人都说好|满意|
    很满意|非常满意|没有不满意的地方|值得购买|值得推荐|推荐|强烈推荐|推荐购买|好评|五星好评|
    给好评|必须好评|没有异味|没味道，放心用|没有色差|不掉色|不起球|没有质量问题|不会后悔|没后悔买|
    会回购|下次还来|还会再来|已经回购三次了|超值|物美价廉|物超所值|性价比高|分量足|量大|很新鲜|
    不油腻|味道好极了|没什么缺点|没毛病|没有让我失望|没有想象的那么差|没那么糟，挺好|正品|是正品|
    合身|大小合适|刚刚好|用着顺手|很舒服|软硬适中|很暖和|开机很快|不卡|不发热|声音不大，很安静|
    清晰|好看|漂亮|很漂亮|颜值高|赞|棒|太棒了|完美|绝了|爱了爱了|❤️|👍|👍👍👍|😍|😊|🥰|💯|🌹|真香|
    牛|给力|可以|一如既往的好|老顾客了，一直很好|送餐小哥很有礼貌|热乎的|热乎乎的很好吃|餐具齐全|
    包装严实没有洒|不错哦|好好好|nice|yyds|书很好看|内容充实|干净卫生|房间干净|离地铁近|水果很甜|
    不酸很甜|皮薄汁多
    """
)
_ZH_BAD_WHOLE: Final = _parts(
    """
    差|很差|太差|差差差|不好|不好吃|难吃|太难吃了|超级难吃|一点都不好吃|没有以前好吃|不如以前好吃|
    难喝|不好喝|贵|太贵了|有点贵|慢|太慢|太慢了|物流太慢|送餐太慢|配送慢|送得太慢了|等了两个小时|
    一个半小时才送到|迟到了一个小时|催了三次才来|超时了|不快|不满意|很不满意|非常不满意|不喜欢|
    不值|不值这个价|不推荐|不建议购买|千万别买|别买|大家不要买|差评|给差评|一星都不想给|一星|零分|
    失望|很失望|太失望了|有异味|味道刺鼻|色差大|掉色|起球|质量有问题|后悔|后悔买了|再也不买了|
    再也不会来了|不会再买|不会回购|最后一次|不划算|分量少|量太少了|量少|吃不饱|不新鲜|馊了|凉了|
    送来都凉了|饭是冷的|太咸了|太油|太辣没法吃|没味道|没熟|夹生|吃出头发|有虫子|拉肚子|洒了|
    汤全洒了|漏送|少送了一份|送错了|没送餐具|没给筷子|态度恶劣|打电话不接|不接电话|态度差|骗人|
    骗子|假货|不是正品|山寨|二手的|坏的|坏了|用了两天就坏了|破了|收到就是破的|开不了机|卡|很卡|
    死机|发热严重|噪音大|太吵|充不进电|漏水|缺页|错别字多|不合身|太小了|偏小|不舒服|太硬|太薄|
    粗糙|做工粗糙|丑|太丑了|跟图片不一样|与描述不符|不咋地|不咋样|
    没什么用|没用|没效果|不好用|不太好用|不是很好用|并不好用|鸡肋|垃圾|烂|坑|太坑了|无语|服了|
    呵呵|气死了|恶心|上当了|退货了|要退货|退款也不理|没人理|客服不理人|欠缺|有待改进|需要改进|👎|
    😡|😞|💩|😭质量不行|房间有霉味|床单脏|隔音差|早餐没什么可吃|水果烂了|好几个都烂了|又酸又涩|
    不甜|好什么好|说好的赠品没有|没收到货
    """
)
_ZH_LUKEWARM: Final = _parts(
    """
    一般|很一般|一般般|一般吧|马马虎虎|还行|还行吧|还可以|还可以吧|凑合|凑合用|凑合吧|凑活|中规中矩|
    普普通通|普通|就那样|就那样吧|也就那样|没什么特别的|没啥特别|不好不坏|不好也不坏|不算好也不算坏|
    谈不上好也谈不上坏|有好有坏|勉强能用|勉强接受|勉强及格|过得去|说得过去|没有惊喜也没有失望|平平无奇|
    不功不过|无功无过|将就|将就用吧|能用|还能用|先用着看看|暂时没发现问题|没想象中好也没想象中差|
    中评|三星吧|及格|一分价钱一分货吧|对得起这个价格而已|不温不火|味道一般|质量一般|服务一般|物流一般|
    效果一般|不知道好不好用，还没用|还没用，不知道怎么样|刚收到，还没试|没试过，先评价
    """
)
_ZH_STARTS: Final = _parts(
    """
    这次|买了两次，|昨天收到，|总体|老实说|说实话|个人感觉|第一次买，|给妈妈买的，|这家
    """
)
_ZH_ENDS: Final = _parts(
    """
    。|！|!!|~|，就这样|，真的|吧|啊|哈哈|了|…
    """
)

_EN_ASPECTS: Final = _parts(
    """
    the quality|quality|delivery|the fit|the colour|the material|the food|the taste|service|
    customer service|packaging|the sound|the battery|the screen|the price|the build|the fabric|
    shipping|the story|the plot|the acting|the size|the handle|the zipper|the app|support|
    the instructions|the picture|value|the design|the smell
    """
)
_EN_GOOD: Final = _parts(
    """
    is good|is great|is excellent|is very good|is perfect|is amazing|is not bad|is not bad at all|
    is fine|is better than expected|could not be better|exceeded my expectations|is superb|
    was great|was excellent|isn't bad|was not a problem|never disappoints|is top notch|👍|
    is just right|is lovely|works well|is as good as described|was no issue
    """
)
_EN_BAD: Final = _parts(
    """
    is bad|is terrible|is awful|is poor|is not good|is not good at all|is not great|isn't good|
    isn't great|is disappointing|could be better|was horrible|was a let down|is not as described|
    is the worst|is worse than before|was not what i expected|left a lot to be desired|is a joke|
    never works|👎|is cheap|is not worth it|was a big disappointment|isn't what it used to be
    """
)
_EN_GOOD_WHOLE: Final = _parts(
    """
    good|very good|so good|great|excellent|awesome|amazing|perfect|nice|love it|loved it|
    i love this|we love it|like it|i like it|works great|works well|works perfectly|does the job|
    great value|great value!|good value for money|great product|great buy|good stuff|not bad|
    not bad at all|not too bad|not bad for the price|no complaints|no problems|no issues so far|
    can't complain|nothing to complain about|never had a problem with it|
    i have never been disappointed|not disappointed|doesn't disappoint|won't regret it|no regrets|
    you can't go wrong|could not be happier|couldn't be better|can't live without it|
    don't hesitate to buy|highly recommend|highly recommended|recommended|would recommend|
    will buy again|would buy again|i'll be back|worth it|worth every penny|well made|sturdy|
    very comfortable|soft and warm|fits perfectly|true to size|fast delivery|arrived early|
    quick shipping|on time|better than expected|exceeded expectations|exactly what i needed|
    just what i wanted|as described|five stars|5 stars|10/10|thumbs up|my kids love it|
    best purchase ever|best i've had|beautiful|very happy|happy with it|so happy with this|
    delicious|tasty|yummy|fresh|super|wow|fantastic|brilliant|cool|doesn't leak|doesn't break|
    not heavy at all|not expensive|never fails|👍|👍👍|❤️|😍|😊|💯|pretty good
    """
)
_EN_BAD_WHOLE: Final = _parts(
    """
    bad|very bad|so bad|terrible|awful|horrible|worst|the worst|poor|poor quality|bad quality|
    low quality|cheap|cheaply made|cheap plastic|hate it|hated it|i hate this|don't like it|
    i don't like it|didn't like it|i did not like this at all|not good|not good at all|
    not very good|not great|not so great|not that good|not as good as expected|not as described|
    not worth it|not worth the money|not worth the price|not happy|not happy with it|
    not satisfied|not impressed|not recommended|would not recommend|wouldn't recommend|
    can't recommend it|do not buy|don't buy it|don't buy this|don't waste your money|
    waste of money|waste of time|total waste|money down the drain|useless|junk|garbage|trash|crap|
    rubbish|broken|arrived broken|came damaged|broke after a week|broke the first day|
    stopped working|doesn't work|does not work|didn't work|never worked|it never arrived|
    still not here|late|arrived late|too late|slow delivery|slow shipping|took forever|
    way too slow|too small|too big|doesn't fit|does not fit|too expensive|overpriced|too heavy|
    too loud|uncomfortable|it leaks|disappointed|very disappointed|disappointing|
    what a disappointment|never again|never buying again|will never buy again|won't buy again|
    won't be back|regret buying it|i want my money back|returned it|sent it back|going back|
    returning this|one star|1 star|0 stars|zero stars|scam|fake|a rip off|boring|dull|tasteless|
    cold food|stale|not fresh|rude staff|ugly|could be better|was expecting more|
    expected better|less than impressed|no good|no use|👎|😡|😞|💩|
    smells awful|falls apart|missing parts|wrong item
    """
)
_EN_LUKEWARM: Final = _parts(
    """
    ok|it's ok|it's okay|okay i guess|just ok|just okay|so so|so-so|meh|average|pretty average|
    about average|nothing special|is nothing special|nothing to write home about|it's fine|
    fine i guess|it does the job, nothing more|not great, not terrible|not good, not bad|
    neither good nor bad|middle of the road|mediocre|mixed feelings|some good, some bad|
    i have mixed feelings about it|
    it's alright|alright for the price|decent but not amazing|decent enough|acceptable|passable|
    good enough for now|ok, good enough|as expected, nothing more|three stars|3 stars|
    could go either way|i neither love it nor hate it|on the fence about this one|not sure yet|
    haven't used it yet|just arrived, can't say yet|it is what it is|
    you get what you pay for|the quality is average|
    the taste is average|service was average|delivery was ok|the fit is ok|the sound is okay
    """
)
_EN_STARTS: Final = _parts(
    """
    honestly|overall|well|sorry but|just got it,|bought two,|update:|in short,|for me|this is
    """
)
_EN_ENDS: Final = _parts(
    """
    !|.|!!|...|, really|overall|tbh
    """
)

_ZH_WHOLE: Final = {NEGATIVE: _ZH_BAD_WHOLE, NEUTRAL: _ZH_LUKEWARM, POSITIVE: _ZH_GOOD_WHOLE}
_EN_WHOLE: Final = {NEGATIVE: _EN_BAD_WHOLE, NEUTRAL: _EN_LUKEWARM, POSITIVE: _EN_GOOD_WHOLE}
_ZH_SAID: Final = {NEGATIVE: _ZH_BAD, POSITIVE: _ZH_GOOD}
_EN_SAID: Final = {NEGATIVE: _EN_BAD, POSITIVE: _EN_GOOD}
LUKEWARM_SHARE: Final = 0.15


def phrases(count: int, seed: int) -> list[Labelled]:
    """Return the whole phrases once, and `count` more put together of parts."""
    chance = random.Random(seed)
    made = [
        Labelled(text, label)
        for whole in (_ZH_WHOLE, _EN_WHOLE)
        for label, texts in whole.items()
        for text in texts
    ]
    return made + [_one(chance) for _ in range(count)]


def _one(chance: random.Random) -> Labelled:
    chinese = chance.random() < 0.6
    if chance.random() < LUKEWARM_SHARE:
        return Labelled(_edged(chance, NEUTRAL, chinese), NEUTRAL)
    label = chance.choice((NEGATIVE, POSITIVE))
    make = chance.choice((_clause, _edged, _listed, _turned))
    clause = make(chance, label, chinese)
    return Labelled(clause, label)


def _clause(chance: random.Random, label: int, chinese: bool) -> str:
    """Return an aspect with what is said of it, or a whole phrase."""
    whole = (_ZH_WHOLE if chinese else _EN_WHOLE)[label]
    if label == NEUTRAL or chance.random() < 0.5:
        return chance.choice(whole)
    if chinese:
        return chance.choice(_ZH_ASPECTS) + chance.choice(_ZH_SAID[label])
    return f"{chance.choice(_EN_ASPECTS)} {chance.choice(_EN_SAID[label])}"


def _edged(chance: random.Random, label: int, chinese: bool) -> str:
    clause = _clause(chance, label, chinese)
    starts, ends, blank = (_ZH_STARTS, _ZH_ENDS, "") if chinese else (_EN_STARTS, _EN_ENDS, " ")
    if chance.random() < 0.5:
        clause = chance.choice(starts) + blank + clause
    return clause + chance.choice(ends)


def _listed(chance: random.Random, label: int, chinese: bool) -> str:
    comma = chance.choice("，,；。 " if chinese else ",.;") + ("" if chinese else " ")
    return comma.join(_clause(chance, label, chinese) for _ in range(chance.choice((2, 2, 3))))


def _turned(chance: random.Random, label: int, chinese: bool) -> str:
    """Return two clauses that disagree; the second decides."""
    first, second = (_clause(chance, one, chinese) for one in (POSITIVE - label, label))
    if chinese:
        start, but = chance.choice(
            (("", "，但是"), ("虽然", "，但"), ("", "，不过"), ("", "，就是"))
        )
        if label == POSITIVE and but == "，就是":
            but = "，可是"
        return start + first + but + second
    return first + chance.choice((", but ", " but ", ", however ", ". but ")) + second
