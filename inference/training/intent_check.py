"""Messages written to check the intent model by hand; never trained on."""

from __future__ import annotations

from inference.tasks.intents import Intent

_CHECKED: dict[Intent, str] = {
    Intent.ORDER_STATUS: """
    我上周买的那双鞋怎么还没有动静|单号88213到哪个城市了|前天拍的，发出来没有呀|
    hi ordered a lamp on monday, where is it now?|has order 55120 left the warehouse|
    我的东西派送了没
    """,
    Intent.SHIPPING_INFO: """
    寄到拉萨大概要几天|不满五十块要付邮费不|do you guys deliver to norway|
    what does shipping cost for a heavy parcel|你们默认走哪家快递
    """,
    Intent.CANCEL_ORDER: """
    刚才那单我不要了，撤销一下|买重复了，其中一单麻烦取消|changed my mind, pls cancel 4471|
    how can i call off my purchase
    """,
    Intent.CHANGE_ORDER: """
    收件地址选错了，帮忙改成单位的|手机号填成旧的了，能更新吗|
    put the wrong flat number, can you fix the address|我想把那单的数量从一个改成三个
    """,
    Intent.RETURN_REFUND: """
    衣服穿着不合适，想退|拆封了还支持退吗|can i return opened shoes?|
    this isn't what i wanted, how do i send it back and get my money
    """,
    Intent.REFUND_STATUS: """
    东西上周就退回去了，钱怎么还没到|退款显示成功可是卡里没有|
    returned the jacket 10 days ago and no money yet|when does the refund hit my card
    """,
    Intent.EXCHANGE_ITEM: """
    鞋码大了，想换小一码的|发来的颜色不对，给我换成灰色|can you swap it for a medium|
    want to exchange my jeans for a larger size
    """,
    Intent.PAYMENT: """
    为什么一直支付不成功|能刷信用卡付吗|do you accept visa|钱被扣了两遍|
    checkout keeps rejecting my card
    """,
    Intent.INVOICE: """
    公司报销要用，麻烦开张票|电子发票在哪下载|i need a vat invoice for order 212|
    发票抬头能改成个人吗
    """,
    Intent.PRICE_PROMOTION: """
    昨天买的今天就便宜了二十，补差不|有没有新人券|my promo code is not accepted|
    any deals going on this weekend?|两件能打个折吗
    """,
    Intent.PRODUCT_INFO: """
    这个水杯能装开水吗|一百三十斤穿多大的|is this backpack big enough for a 15 inch laptop|
    how many watts does the kettle use|这款耳机跟上一代有啥不同|does it contain nuts
    """,
    Intent.AVAILABILITY: """
    白色什么时候能再上架|四十二码还有没有|will the green one come back in stock|
    do you have the large size available
    """,
    Intent.WARRANTY_REPAIR: """
    才用一个月就不通电了|过保了还给修吗|the handle snapped off after two days|
    is there a guarantee on the blender|耳机左边没声音了
    """,
    Intent.ACCOUNT: """
    登不进去，一直说密码错误|我想把账号注销|cannot sign in to my profile|
    how do i change the email on my account|短信验证码一直不来
    """,
    Intent.COMPLAINT: """
    你们就是在骗人，我要去消协告你们|快递员骂人，太过分了|
    your service is a disgrace, i've had enough|第三次找你们了还没解决，什么态度
    """,
    Intent.HUMAN_AGENT: """
    别自动回复了，找个人来|我要跟真人说话|put me through to a person|转接客服人员
    """,
    Intent.GREETING: """
    哈喽在不|您好呀|hey, good afternoon|hello there
    """,
    Intent.THANKS: """
    好嘞谢谢你|麻烦你了，再见|thanks a lot, bye|ok got it, thank you!
    """,
    Intent.OUT_OF_SCOPE: """
    后天会下雨吗|你觉得哪个球队能夺冠|用python写个排序|我今天心情不好|how tall is mount everest|
    write me a song about cats|what's your favourite film|给我推荐个旅游的地方|
    who invented the telephone|比特币还会涨吗
    """,
}


def checked_messages() -> list[tuple[str, str]]:
    """Return every message with its intent."""
    return [
        (message, intent.value)
        for intent, messages in _CHECKED.items()
        for part in messages.split("|")
        if (message := " ".join(part.split()))
    ]
