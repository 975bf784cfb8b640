"""Customers' messages written for this project: no public set has Chinese shop intents.

One message between bars. They are short and untidy on purpose, as people type in a chat.
"""

from __future__ import annotations

import random
from typing import Final

from inference.tasks.intents import Intent

_BEFORE: Final = {
    True: (
        "你好，",
        "亲，",
        "请问",
        "请问一下，",
        "麻烦问下",
        "在吗？",
        "那个",
        "客服，",
        "您好 ",
        "喂，",
    ),
    False: (
        "hi, ",
        "hello, ",
        "hey ",
        "please ",
        "excuse me, ",
        "good morning, ",
        "question: ",
        "so ",
    ),
}
_AFTER: Final = {
    True: (
        "？",
        "??",
        "呢",
        "啊",
        "呀",
        "，急",
        "，谢谢",
        "。",
        "亲",
        "😭",
        "，麻烦了",
        "！！",
        "，在线等",
    ),
    False: ("?", "??", " please", " pls", " thanks", "!", ".", " 😭", ", thank you", " asap"),
}
_TYPING: Final = {
    "什么": "啥",
    "怎么": "咋",
    "没有": "木有",
    "you": "u",
    "please": "plz",
    "my ": "my  ",
}
_BARE: Final = frozenset({Intent.GREETING, Intent.THANKS})

_MESSAGES: dict[Intent, str] = {
    Intent.ORDER_STATUS: """
    我的快递到哪了|什么时候发货|怎么还没发货啊|我的包裹在哪里|订单什么时候能到|帮我查一下物流|
    都三天了还没到|我买的水壶发货了吗|快递怎么一直不动|今天能送到吗|物流信息好几天没更新了|
    麻烦看下我的单子到哪了|还没收到货|昨天下的单发了没|货到哪儿了亲|我的订单怎么样了|预计几号送达|
    什么时候到|催一下发货|快递单号是多少|显示已签收可我没收到|怎么查物流|订单一直显示待发货|
    能不能快点送|明天能收到吗|我那个猫砂到哪了|where's my order|has my parcel shipped yet|
    track my package pls|still havent received my stuff|when will my order arrive|
    any update on my delivery?|my package is late|order status please|
    it says delivered but i got nothing|whats the tracking number|is my kettle on its way|
    when does it come
    """,
    Intent.SHIPPING_INFO: """
    运费多少钱|包邮吗|满多少包邮|一般几天能到|发什么快递|可以发顺丰吗|你们从哪里发货|能送到新疆吗|
    多久能到货|支持送货上门吗|能寄到国外吗|发货时间是怎么算的|周末发货吗|可以指定快递吗|
    到上海要几天|海外能配送吗|邮费怎么算|乡镇能送吗|快递费谁出|下单后多久发货|可以自提吗|
    偏远地区要加钱吗|how long does delivery take|how much is shipping|do you ship to canada|
    is shipping free|which courier do you use|delivery time to paris?|do you deliver on weekends|
    shipping cost pls|can i pick it up in a store|do you have express delivery|
    free delivery from what amount
    """,
    Intent.CANCEL_ORDER: """
    我要取消订单|不想要了帮我取消|能取消吗还没发货|订单取消一下|拍错了想取消|取消这个单子|
    怎么取消订单|买多了退掉一单|不要了，别发货了|帮我把昨天的订单撤了|我想撤单|
    还没付款的订单怎么取消|先别发货我不要了|可以取消其中一件吗|下错单了，取消吧|
    cancel my order please|i want to cancel|how do i cancel an order|
    ordered by mistake, please cancel it|stop the order i dont want it anymore|can i still cancel|
    pls cancel the order from yesterday
    """,
    Intent.CHANGE_ORDER: """
    地址填错了能改吗|帮我改一下收货地址|电话号码写错了|能换个地址吗|改成送到公司|
    可以改颜色吗还没发货|想加一件一起发|把尺码改成L|收件人名字错了|能不能把蓝色换成黑色，还没发|
    修改订单|改一下收货人电话|数量改成两个|地址写成老家了怎么办|备注忘写了可以加吗|
    送货时间能改到周末吗|i need to change my delivery address|wrong address on my order|
    can i add an item to my order|change the colour to black please|
    update my phone number for the delivery|can you send it to my office instead|edit my order|
    i picked the wrong size, change it before you ship
    """,
    Intent.RETURN_REFUND: """
    怎么退货|我要退货|可以退吗|七天无理由怎么退|不喜欢可以退吗|退货运费谁承担|退货地址发我一下|
    我想退款|东西不合适想退|退货流程是什么|拆开了还能退吗|申请退货|质量不好我要退|
    退回去的邮费你们出吗|收到不想要了能退不|多少天内可以退|怎么申请退款|买贵了想退掉|
    退货需要发票吗|how do i return this|i want a refund|can i send it back|
    what is your return policy|i'd like to return the pillow|do i have to pay for the return|
    return label please|i want my money back|not happy with it, how can i return it|
    how many days do i have to return an item
    """,
    Intent.REFUND_STATUS: """
    退款什么时候到账|我的退款到了吗|退款怎么还没到|钱什么时候退给我|退货已经寄回去了，钱呢|
    退款进度查一下|退款多久能到|说好三天退款还没收到|你们收到我退的货了吗|退款成功了但钱没到|
    退的钱退到哪里了|退款到哪一步了|都一周了还没退款|where is my refund|
    when will i get my money back|refund not received|has my refund been processed|
    you got my return last week, still no refund|how long until the refund arrives|refund status
    """,
    Intent.EXCHANGE_ITEM: """
    可以换货吗|尺码小了想换大一号|换个颜色行吗|收到是坏的给我换一个|我要换货|换货怎么操作|
    发错货了帮我换|能换成别的款吗|鞋子大了换小码|换一个新的给我|衣服小了能换吗|换货要多久|
    颜色不对，换|can i exchange it for a bigger size|wrong size, i want to swap it|
    exchange for another colour|you sent the wrong item, send me the right one|
    can i swap these shoes|how do exchanges work
    """,
    Intent.PAYMENT: """
    怎么付款|支持微信支付吗|付不了款怎么回事|可以货到付款吗|能用花呗吗|支付失败了|扣了两次钱|
    可以分期吗|付款一直转圈|能用信用卡吗|支付宝可以吗|钱扣了订单没有|银行卡付不了|能用银联吗|
    付款页面打不开|尾款怎么付|可以对公转账吗|which payment methods do you accept|
    my card was declined|can i pay with paypal|payment failed|i was charged twice|
    do you take apple pay|can i pay in installments|cash on delivery possible?|
    the payment page doesnt load|i paid but there is no order
    """,
    Intent.INVOICE: """
    可以开发票吗|发票怎么开|我要电子发票|发票抬头写错了|什么时候给我发票|能开专票吗|发票没收到|
    开公司抬头的发票|补开发票|发票发到哪个邮箱|普票还是专票|需要报销，开个票|发票能重开吗|
    can i get an invoice|send me the invoice|i need a receipt for my company|
    invoice with vat please|the name on the invoice is wrong|where can i download my bill|
    i didnt get the invoice
    """,
    Intent.PRICE_PROMOTION: """
    有优惠吗|能便宜点吗|优惠券怎么用|双十一有活动吗|买两件打折吗|刚买就降价了能退差价吗|
    有没有折扣码|满减怎么算|价保怎么申请|新用户有优惠吗|券用不了|什么时候打折|赠品有吗|会员价多少|
    可以砍价不|红包怎么领|降价了补差价|活动到什么时候|优惠码无效|any discount codes|
    is there a sale soon|my coupon doesnt work|can you do a better price|
    price dropped after i bought it, can i get the difference|student discount?|
    black friday deals|how do i use a voucher|do you have offers on bedding|
    is it cheaper if i buy two
    """,
    Intent.PRODUCT_INFO: """
    这个是什么材质的|尺寸多大|怎么用|有说明书吗|适合几岁的宝宝|我一米七穿什么码|可以机洗吗|防水吗|
    电池能用多久|是正品吗|保质期多久|能充几次电|功率多大|猫咪能吃吗|会不会掉色|噪音大吗|
    这两款有什么区别|容量是多少|支持快充吗|能放洗碗机吗|推荐一款送女朋友|哪个好用一点|重不重|
    产地哪里|what material is this|how big is it|does it fit a 10 inch pan|
    can i wash it in the machine|is it waterproof|what size should i take, i'm 1.70|
    how do i use the grinder|is this suitable for babies|which one is better|
    does the charger work with my phone|how long does the battery last|
    can it go in the dishwasher|what's the difference between the two mats|
    recommend a gift for my dad
    """,
    Intent.AVAILABILITY: """
    有货吗|还有现货吗|什么时候补货|蓝色的还有吗|XL码断货了吗|下架了吗|什么时候到货能通知我吗|
    缺货要等多久|这款还卖吗|有没有黑色的现货|库存还有几件|预售什么时候发|怎么显示无货|
    is it in stock|when will it be back|do you still have it in blue|
    sold out? when do you restock|is size m available|notify me when its back in stock|
    do you still sell the moka pot
    """,
    Intent.WARRANTY_REPAIR: """
    坏了怎么办|用了两天就不亮了|保修多久|能修吗|在保修期内吗|收到就是碎的|开不了机|充不进电了|
    漏水了|屏幕裂了保修吗|售后维修怎么弄|配件坏了能补发吗|用了一周就坏了|按键失灵|少发了一个配件|
    质保几年|收到有破损|it stopped working|arrived broken|how long is the warranty|
    can you repair it|the screen is cracked|it doesnt turn on|a part is missing|
    is this covered by warranty|leaks after one week|the zipper broke, what now|my blender died
    """,
    Intent.ACCOUNT: """
    忘记密码了|登录不上|怎么注册|收不到验证码|怎么改手机号|账号被锁了|怎么注销账号|修改会员资料|
    绑定的手机换了|账户余额怎么看|昵称能改吗|积分在哪里看|登录显示错误|怎么换绑邮箱|
    i forgot my password|can't log in|how do i create an account|delete my account|
    change my email address|i dont get the verification code|my account is locked|
    unsubscribe me from the newsletter|how do i update my profile
    """,
    Intent.COMPLAINT: """
    我要投诉|你们服务太差了|骗子店铺|客服态度什么玩意|再也不买了，太坑了|垃圾服务|
    等了半个月没人理|欺骗消费者我要举报|太过分了你们|什么破店|态度恶劣，我要投诉快递员|
    说话不算数，失望透顶|给你们差评|投诉渠道是什么|一直敷衍我|i want to complain|
    this is unacceptable|worst service ever|you people are liars|i'm really angry|
    nobody answers me, this is a joke|i will report you|
    terrible experience, i demand an explanation|file a complaint|your driver was rude
    """,
    Intent.HUMAN_AGENT: """
    转人工|我要找人工客服|有人吗|不要机器人|叫你们经理来|能让真人跟我说吗|人工|
    客服在吗我要人工服务|你是机器人吗，换人|打电话给我|客服电话多少|接人工客服|talk to a human|
    agent please|i want to speak to a real person|can someone call me|connect me to support|
    are you a bot? get me a person|live agent|what's your phone number|
    let me talk to your manager
    """,
    Intent.GREETING: """
    你好|在吗|您好|亲在吗|哈喽|早上好|晚上好|嗨|在不在|你好呀|hello在吗|hi|hello|hey there|
    good morning|good evening|hi, anyone there|hello!|hey|greetings
    """,
    Intent.THANKS: """
    谢谢|好的谢谢|多谢了|没问题了，谢谢|辛苦了|好的知道了|再见|拜拜|谢谢亲|非常感谢|嗯嗯好的|
    可以了谢谢|thanks|thank you so much|ok thanks bye|great, thanks|that's all, thank you|cheers|
    bye|perfect, thx|got it, thank you|have a nice day
    """,
    Intent.OUT_OF_SCOPE: """
    今天天气怎么样|给我讲个笑话|写一首诗|谁会赢世界杯|帮我写作业|你喜欢我吗|股票今天涨了吗|
    人生的意义是什么|附近有什么好吃的|帮我订机票|翻译一下这句话|一加一等于几|总统是谁|你几岁了|
    推荐一部电影|教我编程|怎么减肥|晚饭吃什么|明天几点日出|讲讲三国演义|我失恋了|唱首歌吧|
    中午吃了火锅|美国大选谁赢了|今天比赛几比几|解方程|放首音乐|what's the weather like today|
    tell me a joke|write a poem about autumn|who will win the election|help me with my homework|
    what is the capital of peru|do you love me|how do i lose weight|book me a flight|
    whats the meaning of life|play some music|did arsenal win yesterday|
    what should i cook tonight|translate this into german|solve x squared minus four|
    what time is it in tokyo|tell me about quantum physics|asdf qwer zxcv|
    i had a dream about dragons
    """,
}


def written_messages() -> list[tuple[str, Intent]]:
    """Return every message with its intent."""
    return [
        (message, intent)
        for intent, messages in _MESSAGES.items()
        for part in messages.split("|")
        if (message := " ".join(part.split()))
    ]


def dressed(text: str, label: str, chance: random.Random) -> str:
    """Return the message as another customer may type it: greeted, urged, shortened, misspelt."""
    if label in _BARE:
        return text
    chinese = any("\u4e00" <= character <= "\u9fff" for character in text)
    if chance.random() < 0.35:
        text = chance.choice(_BEFORE[chinese]) + text
    if chance.random() < 0.4:
        text = text + chance.choice(_AFTER[chinese])
    if chance.random() < 0.2:
        for plain, typed in _TYPING.items():
            text = text.replace(plain, typed)
    if chance.random() < 0.15 and len(text) > 8:
        at = chance.randrange(1, len(text) - 1)
        text = text[:at] + text[at + 1 :]
    return text
