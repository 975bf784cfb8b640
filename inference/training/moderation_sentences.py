"""Sentences made of the patterns: places filled in, typed as people type, set into reviews."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from inference.training.moderation_patterns import EN, SPAM, ZH, Labels

Sentence = tuple[str, Labels]
"""A text and what is in it."""

Chance = random.Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in text.split("|"))


_SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹"
_GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英建国志红梅浩宇欣怡子轩雨桐"
_LATIN: Final = "abcdefghijklmnopqrstuvwxyz"
_FIRST: Final = _words("John|Mary|Ahmed|Lucy|Tom|Priya|Carlos|Emma|Wei|Sarah|Mike|Olga|David|Chloe")
_LAST: Final = _words("Smith|Jones|Brown|Khan|Garcia|Miller|Davis|Patel|Wilson|Clark|Young|Novak")
_STREETS: Final = _words("Oak Street|Main St|Elm Avenue|Park Road|High Street|5th Ave|Mill Lane")
_TOWNS: Final = _words("Denver|Leeds|Austin, TX 78701|Dublin|Seattle|London SW1A 1AA|Boston, MA")
_CITIES: Final = _words(
    "北京市朝阳区|上海市浦东新区|广东省深圳市南山区|杭州市西湖区|成都市武侯区|武汉市洪山区|"
    "江苏省苏州市姑苏区|长沙市岳麓区|西安市雁塔区|天津市和平区"
)
_ROADS: Final = _words("建国路|人民路|中山大道|解放路|文化路|幸福街|学院路|长江路|和平里|科技园路")
_SITES: Final = _words(
    "cheapdeals|hotbuy|vipshop88|gogoget|topsale|quanma|bestprice|luckywin|megashop"
)
_ENDS: Final = _words(".com|.net|.xyz|.shop|.top|.cn|.info|.cc|.io/offer|.com/r/88")

_ZH: Final[Mapping[str, tuple[str, ...]]] = {
    "item": _words(
        "手机|耳机|衣服|裙子|鞋子|面膜|洗发水|充电宝|水果|书|锅|键盘|电视|奶粉|床单|外卖|包包|"
        "酒店房间|平板|热水器|牛奶|数据线|空调|玩具|口红|零食"
    ),
    "who": _words(
        "卖家|客服|店家|老板|快递员|送货的|你|你们|店主|这家店的人|掌柜|楼上|写评论的|刷好评的|商家|"
        "售后|那个女客服|老板娘|厂家|你们老板"
    ),
    "fool": _words(
        "白痴|脑残|智障|弱智|废物|人渣|混蛋|畜生|蠢货|贱人|败类|王八蛋|猪头|傻子|疯狗|垃圾东西|"
        "蠢猪|烂人|狗东西|杂种|死变态|窝囊废|不要脸的|缺德玩意|神经病"
    ),
    "hurt": _words("打死|弄死|砍死|杀了|揍|收拾|捅|打断腿|教训|废了|干掉|整死|砍|剁了"),
    "time": _words("今晚|明天|三天|一周|下周|这个月|两天|周末|一个月|半年"),
    "oath": _words(
        "妈的|他妈的|tmd|特么|我靠|卧槽|尼玛|操|日了狗了|mmp|他奶奶的|靠|我擦|我艹|泥马|他娘的|TMD|"
        "tnnd|草"
    ),
    "bad": _words(
        "质量太差|用了两天就坏了|根本不能用|等了半个月|退款不给退|全是线头|尺寸不对|味道很难闻|和图片不符|"
        "漏水|发错货|包装破了|一点都不好吃|太薄了|没人理我|电池不耐用|里面是空的|缺件少件|声音很小|"
        "太让人失望了|屏幕有划痕|连不上网|是旧的|不如地摊货"
    ),
    "good": _words(
        "很好|好用|好吃|漂亮|质量不错|非常满意|很舒服|很快|很喜欢|超级棒|值得买|结实|音质不错|颜色正|"
        "跟描述一样|孩子很喜欢|没有异味|做工精细"
    ),
    "group": _words(
        "外地人|河南人|东北人|黑人|女人|男人|农村人|穷人|印度人|女司机|日本人|同性恋|胖子|广东人|"
        "乡下人|打工的|老外|残疾人|上海人|信教的"
    ),
    "gain": _words(
        "日赚三百|月入过万|在家轻松赚钱|一天两百到五百|免费领红包|躺着赚钱|返利百分之五十|内部优惠|"
        "每天领现金|名额有限"
    ),
    "price": _words("99元|9.9|199|50块|十块钱|300元|29.9元|一千多|88元|1.9元"),
    "shop": _words("小美家|优品汇|老张批发|妞妞童装|全球购小店|淘金社|格子铺|大牌折扣仓"),
    "brand": _words("LV|耐克|香奈儿|古驰|阿迪|劳力士|苹果|爱马仕|大牌"),
}
_EN: Final[Mapping[str, tuple[str, ...]]] = {
    "item": _words(
        "phone|shirt|dress|book|blender|camera|headset|movie|mattress|shampoo|toy|laptop|watch|bag|"
        "kettle|charger|knife|lamp|jacket|game|pan|coffee maker|cd|tablet"
    ),
    "who": _words(
        "the seller|customer service|the owner|the driver|this guy|you|the manager|the courier|"
        "the support agent|the author|that reviewer|whoever packed this|the shop owner|your boss|"
        "the girl at the desk"
    ),
    "whom": _words("you|the seller|the driver|your boss|this guy|the owner|that woman|you all"),
    "fool": _words(
        "idiot|moron|imbecile|loser|dumbass|scumbag|pig|rat|retard|clown|cretin|worm|jerk|weasel|"
        "coward|parasite|halfwit|creep|dimwit|degenerate|simpleton|lowlife"
    ),
    "hurt": _words(
        "kill|hurt|beat|find and beat|stab|shoot|destroy|strangle|punch|break|murder|smash|cut"
    ),
    "time": _words("tonight|tomorrow|two days|a week|next week|friday|three weeks|an hour"),
    "oath": _words(
        "fucking|f***ing|fuckin|shit|sh*t|bullshit|effing|f*cking|goddamn|fuck|f**k|shitty|bloody|fkn"
    ),
    "bad": _words(
        "it broke after two days|it never arrived|poor quality|it leaks|the zipper broke|it smells|"
        "wrong size|no refund|nobody answers|it does not work|fell apart|battery lasts an hour|"
        "boring and badly written|the picture is blurry|missing parts|it is used|too small|"
        "very disappointed|it stopped charging|i waited a month"
    ),
    "good": _words(
        "great|beautiful|comfortable|very good|exactly as described|fast|perfect|sturdy|amazing|"
        "worth every penny|nice quality|easy to use|well made|so soft|delicious|funny"
    ),
    "group": _words(
        "black people|immigrants|women|muslims|jews|indians|chinese people|gays|mexicans|"
        "fat people|old people|foreigners|poor people|christians|men|disabled people|blondes"
    ),
    "gain": _words(
        "double your money|no experience needed|guaranteed profit|passive income|get paid daily"
    ),
    "price": _words("$10|$99|$500|19.99|50 bucks|$5|20 dollars|£30|$1000|9 euros"),
    "shop": _words("dealbarn|shopmaxx|ultrasale|bargain kings|the outlet hub|pricecrush"),
    "brand": _words("gucci|nike|rolex|louis vuitton|ray ban|chanel|apple|adidas|prada"),
}
_TAILS: Final = {
    True: ("", "", "", "。", "！", "！！！", "😡", "~", "…", "，", "哈哈", " 👍"),
    False: ("", "", "", ".", "!", "!!!", " 😡", "...", " lol", " smh"),
}


@dataclass(frozen=True)
class Writer:
    """Writes sentences of one language."""

    is_chinese: bool
    swears: Sequence[str]  # of the public list
    chance: Chance

    def sentences(self, times: int) -> list[Sentence]:
        """Return every pattern filled `times` times, repeats left out."""
        patterns = ZH if self.is_chinese else EN
        made = [
            (self._typed(self._filled(" ".join(part.split()))), labels)
            for labels, joined in patterns.items()
            for part in joined.split("|")
            if part.strip()
            for _ in range(times)
        ]
        return list(dict.fromkeys(made))

    def set_into(self, review: str, sentence: str) -> str:
        """Return a review with a sentence before, behind or within it."""
        stop = "。" if self.is_chinese else ". "
        parts = [part for part in review.replace("，", "。").split(stop.strip()) if part.strip()]
        at = self.chance.randrange(len(parts) + 1)
        parts.insert(at, sentence)
        glue = self.chance.choice(("，", "。", " ")) if self.is_chinese else stop
        return glue.join(part.strip() for part in parts)

    def _filled(self, pattern: str) -> str:
        words = _ZH if self.is_chinese else _EN
        values = {name: self.chance.choice(choices) for name, choices in words.items()}
        values |= {name: make(self.chance) for name, make in _MADE[self.is_chinese].items()}
        values["contact"] = self.chance.choice(_CONTACTS[self.is_chinese]).format(**values)
        return pattern.format(swear=self.chance.choice(self.swears), **values)

    def _typed(self, text: str) -> str:
        chance = self.chance
        text += chance.choice(_TAILS[self.is_chinese])
        if not self.is_chinese:
            form = chance.random()
            text = text.upper() if form < 0.12 else text.capitalize() if form < 0.5 else text
        elif chance.random() < 0.1:
            text = " ".join(text[at : at + 2] for at in range(0, len(text), 2))
        return text


def advert(labels: Labels) -> bool:
    """Whether a sentence advertises: what it gives away is the advertiser's own."""
    return SPAM in labels


def _digits(chance: Chance, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _name(chance: Chance, is_chinese: bool) -> str:
    if is_chinese:
        return chance.choice(_SURNAMES) + "".join(chance.choices(_GIVEN, k=chance.choice((1, 2))))
    return f"{chance.choice(_FIRST)} {chance.choice(_LAST)}"


def _zh_phone(chance: Chance) -> str:
    number = "1" + chance.choice("3578") + _digits(chance, 9)
    spaced = f"{number[:3]} {number[3:7]} {number[7:]}"
    return chance.choice((number, number, spaced, f"0{_digits(chance, 2)}-{_digits(chance, 8)}"))


def _en_phone(chance: Chance) -> str:
    a, b, c = _digits(chance, 3), _digits(chance, 3), _digits(chance, 4)
    return chance.choice(
        (f"{a}-{b}-{c}", f"({a}) {b}-{c}", f"+1 {a} {b} {c}", f"+44 7{a} {b}{c[:3]}")
    )


def _zh_address(chance: Chance) -> str:
    city, road = chance.choice(_CITIES), chance.choice(_ROADS)
    number, block = chance.randrange(1, 400), chance.randrange(1, 30)
    room = chance.randrange(101, 2905)
    forms = (
        f"{city}{road}{number}号{block}栋{room}",
        f"{city}{road}{number}号",
        f"{road}{number}号{block}号楼{room}室",
    )
    return chance.choice(forms)


def _en_address(chance: Chance) -> str:
    return f"{chance.randrange(1, 900)} {chance.choice(_STREETS)}, {chance.choice(_TOWNS)}"


def _account(chance: Chance) -> str:
    letters = "".join(chance.choices(_LATIN, k=chance.randrange(3, 8)))
    return letters + _digits(chance, chance.randrange(2, 6))


def _url(chance: Chance) -> str:
    start = chance.choice(("", "", "www.", "http://", "https://"))
    return start + chance.choice(_SITES) + chance.choice(_ENDS)


def _birthday(chance: Chance) -> str:
    return (
        f"19{chance.randrange(60, 99)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
    )


def _email(chance: Chance) -> str:
    return f"{_account(chance)}@{chance.choice(('qq.com', '163.com', 'gmail.com', 'yahoo.com'))}"


_Make = Callable[[Chance], str]
_BOTH: Final[dict[str, _Make]] = {
    "wechat": _account,
    "handle": lambda chance: "@" + _account(chance),
    "qq": lambda chance: _digits(chance, chance.randrange(8, 11)),
    "digits": lambda chance: _digits(chance, 2),
    "url": _url,
    "email": _email,
    "card": lambda chance: "6222 " + " ".join(_digits(chance, 4) for _ in range(3)),
    "idcard": lambda chance: "110105" + _birthday(chance).replace("-", "") + _digits(chance, 4),
    "ssn": lambda chance: f"{_digits(chance, 3)}-{_digits(chance, 2)}-{_digits(chance, 4)}",
    "iban": lambda chance: (
        f"DE{_digits(chance, 2)} " + " ".join(_digits(chance, 4) for _ in range(4))
    ),
    "passport": lambda chance: chance.choice("EGK") + _digits(chance, 8),
    "birthday": _birthday,
}
_MADE: Final[dict[bool, dict[str, _Make]]] = {
    True: {
        **_BOTH,
        "phone": _zh_phone,
        "address": _zh_address,
        "name": lambda chance: _name(chance, True),
        "plate": lambda chance: (
            chance.choice("京沪粤浙") + chance.choice("ABCD") + _digits(chance, 5)
        ),
    },
    False: {
        **_BOTH,
        "phone": _en_phone,
        "address": _en_address,
        "name": lambda chance: _name(chance, False),
        "plate": lambda chance: _account(chance)[:3].upper() + " " + _digits(chance, 4),
    },
}
_CONTACTS: Final = {
    True: (
        "微信{wechat}",
        "V{wechat}",
        "QQ{qq}",
        "vx:{wechat}",
        "薇信{wechat}",
        "电话{phone}",
        "扣{qq}",
        "企鹅{qq}",
    ),
    False: (
        "whatsapp {phone}",
        "telegram {handle}",
        "email {email}",
        "call {phone}",
        "dm {handle}",
        "{url}",
    ),
}
