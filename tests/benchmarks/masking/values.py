"""Personal data of nobody: right in form and checksum, drawn from a seed."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from schemas.masking import Kind
from schemas.masking.checks import is_iban, is_resident_id, luhn

Draw = Callable[[random.Random], str]
"""Draws one value in one of its written forms."""

_AREAS = ("110105", "310101", "440305", "330106", "510107", "420102", "320505")
_CITIES = (
    "浙江省杭州市西湖区",
    "上海市浦东新区",
    "北京市朝阳区",
    "成都市武侯区",
    "广东省深圳市南山区",
)
_ROADS = ("文三路", "世纪大道", "建国路", "人民南路", "科苑北路", "长安街", "柳荫巷", "中山东二路")
_ESTATES = ("阳光花园", "翠苑小区", "万科城", "学府公寓", "")
_STREETS = ("Baker Street", "High Street", "Elm Ave", "Maple Drive", "Station Road", "Mill Lane")
_TOWNS = ("London NW1 6XE", "Leeds LS1 4AP", "Springfield, IL 62704", "Austin, TX 78701")
_GERMAN = ("Hauptstraße", "Bahnhofstraße", "Lindenweg", "Marktplatz", "Goethestraße")
_NAMES = ("zhang.wei", "lily88", "bob_smith", "anna-k", "wang2001", "m.rossi", "j.o.hara+shop")
_HOSTS = ("qq.com", "163.com", "mail.example.org", "gmail.com", "firma.de", "post.co.uk")


def _number(draw: random.Random, count: int) -> str:
    return "".join(draw.choices(string.digits, k=count))


def _chinese_mobile(draw: random.Random) -> str:
    a, b, c = f"1{draw.choice('356789')}{_number(draw, 1)}", _number(draw, 4), _number(draw, 4)
    form = draw.choice(("{}{}{}", "{} {} {}", "{}-{}-{}", "+86 {}{}{}", "+86-{}-{}-{}"))
    return form.format(a, b, c)


def _chinese_landline(draw: random.Random) -> str:
    code = draw.choice(("010", "021", "0571", "028", "0755"))
    return f"{code}{draw.choice(('-', ' '))}{draw.choice('2345678')}{_number(draw, 7)}"


def _american(draw: random.Random) -> str:
    parts = [f"{draw.choice('235679')}{_number(draw, 2)}" for _ in range(2)]
    form = draw.choice(("({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "+1 {} {} {}", "1-{}-{}-{}"))
    return form.format(*parts, _number(draw, 4))


def _european(draw: random.Random) -> str:
    pairs = " ".join(_number(draw, 2) for _ in range(4))
    form = draw.choice(
        ("020 7{} {}", "07{} {}{}", "+44 20 7{} {}", "030 {}{}", "+49 151 {}{}", "+33 6 ", "01 ")
    )
    if form in {"+33 6 ", "01 "}:
        return form + pairs
    return form.format(_number(draw, 3), _number(draw, 4), _number(draw, 3))


def _email(draw: random.Random) -> str:
    return f"{draw.choice(_NAMES)}@{draw.choice(_HOSTS)}"


def _card(draw: random.Random) -> str:
    prefix, length = draw.choice((("4", 16), ("51", 16), ("37", 15), ("6222", 19), ("62", 16)))
    body = prefix + _number(draw, length - len(prefix) - 1)
    digits = next(body + check for check in string.digits if luhn(body + check))
    sizes = (4, 6, 5) if length == 15 else (4, 4, 4, 4, 3)[: (length + 3) // 4]
    separator = draw.choice(("", " ", "-"))
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    return separator.join(digits[end - size : end] for size, end in zip(sizes, ends, strict=True))


def _resident(draw: random.Random) -> str:
    day = f"{draw.randint(1950, 2008)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}"
    body = draw.choice(_AREAS) + day + _number(draw, 3)
    return next(body + check for check in "0123456789X" if is_resident_id(body + check))


def _social_security(draw: random.Random) -> str:
    return f"{draw.randint(100, 665)}-{draw.randint(10, 99)}-{draw.randint(1000, 9999)}"


def _iban(draw: random.Random) -> str:
    country, letters, count = draw.choice((("DE", "", 18), ("GB", "BARC", 14), ("FR", "", 23)))
    body = letters + _number(draw, count)
    number = next(
        f"{country}{n:02}{body}" for n in range(2, 99) if is_iban(f"{country}{n:02}{body}")
    )
    groups = [number[start : start + 4] for start in range(0, len(number), 4)]
    return draw.choice(("", " ")).join(groups)


def _chinese_address(draw: random.Random) -> str:
    number = draw.randint(1, 999)
    street = f"{draw.choice(('', *_CITIES))}{draw.choice(_ROADS)}{number}号"
    if draw.random() < 0.4:
        return street
    flat = draw.choice(("{}栋{}单元{}室", "{}号楼{}单元{}", "{}幢{}单元{}室"))
    house = flat.format(draw.randint(1, 30), draw.randint(1, 4), draw.randint(101, 2804))
    return street + draw.choice(_ESTATES) + house


def _english_address(draw: random.Random) -> str:
    street = f"{draw.randint(1, 999)} {draw.choice(_STREETS)}"
    unit = draw.choice(("", "", f"Flat {draw.randint(1, 40)}, "))
    return f"{unit}{street}{draw.choice(('', ', ' + draw.choice(_TOWNS)))}"


def _german_address(draw: random.Random) -> str:
    town = draw.choice(("", ", 10115 Berlin", ", 80331 München"))
    return f"{draw.choice(_GERMAN)} {draw.randint(1, 180)}{town}"


CHINESE: dict[str, tuple[Kind, Draw]] = {
    "Chinese mobile": (Kind.PHONE, _chinese_mobile),
    "Chinese landline": (Kind.PHONE, _chinese_landline),
    "e-mail": (Kind.EMAIL, _email),
    "card": (Kind.CARD, _card),
    "resident number": (Kind.ID, _resident),
    "Chinese address": (Kind.ADDRESS, _chinese_address),
}
ENGLISH: dict[str, tuple[Kind, Draw]] = {
    "American phone": (Kind.PHONE, _american),
    "European phone": (Kind.PHONE, _european),
    "e-mail": (Kind.EMAIL, _email),
    "card": (Kind.CARD, _card),
    "social security number": (Kind.ID, _social_security),
    "IBAN": (Kind.IBAN, _iban),
    "English address": (Kind.ADDRESS, _english_address),
    "German address": (Kind.ADDRESS, _german_address),
}
