"""Patterns of customers' messages with places for products, orders and times.

Each bar ends a pattern; {item}, {order}, {time}, {place} and {size} are filled in by chance.
"""

from __future__ import annotations

import random
from typing import Final

from inference.tasks.intents import Intent

_ZH: Final[dict[Intent, str]] = {
    Intent.ORDER_STATUS: """
    {order}到哪了|{item}发货了没有|我{time}买的{item}怎么还没到|查下{order}的物流|
    {time}下单的{item}什么时候能送到|{item}还要几天才能收到|物流停在{place}不动了|
    怎么还在{place}，都{time}了|{item}派送了吗|快递员联系不上，我的{item}呢|说好{time}到的，人呢|
    {order}还没出库吗|显示签收了但我根本没拿到{item}|包裹是不是丢了|
    我的{item}什么情况，一直没消息|快递到{place}了吗|催催{item}
    """,
    Intent.SHIPPING_INFO: """
    {item}包邮吗|寄{place}多少运费|{place}几天能收到货|发{place}走什么快递|你们能送到{place}不|
    买{item}要运费吗|下单一般多久发出|{item}大件送上楼吗|送到{place}要多久|运费怎么收的|
    从哪个仓发货到{place}|可以送到学校宿舍吗|放快递柜可以吗|{place}支持当日达吗|买多少钱免运费|
    发顺丰要补多少
    """,
    Intent.CANCEL_ORDER: """
    {order}取消掉|{item}我不想要了，取消订单|{time}下的单帮我取消|帮忙把{item}那单取消了|
    拍错{item}了取消一下|{item}还没发货能取消吗|不买了，订单撤了吧|取消{order}|
    怎么取消{item}的订单|等太久了我要取消|{item}买多了，取消一个|我要撤销{order}|
    订单能关闭吗不要了
    """,
    Intent.CHANGE_ORDER: """
    {order}的地址改成{place}|{item}的地址写错了怎么改|把{item}改成{size}的还来得及吗|
    收货人换个名字|收货电话能帮我改吗|{order}想加一个{item}|帮我把地址换到{place}|
    下单时选错{size}了，没发货能改不|{item}改送{time}行吗|订单里{item}少拍了一件能加上吗|
    颜色选错了改一下{order}|门牌号漏写了帮我补上|想把配送时间改到{time}
    """,
    Intent.RETURN_REFUND: """
    {item}可以退吗|{item}不喜欢想退货|{time}收到的{item}还能退吗|{item}怎么退|
    退{item}要自己出运费吗|{item}质量不行我要退钱|退货寄到哪里|{item}用过了还能退不|
    我要申请{order}退款|{item}跟图片不一样，退货|不合适怎么退回去|支持七天无理由退换吗|
    能上门取退货吗|{item}有色差给我退了|退货单怎么填|没拆封能退吧
    """,
    Intent.REFUND_STATUS: """
    {order}的退款到哪了|退{item}的钱什么时候到|{time}退的货，钱还没退|退款多久到银行卡|
    退款审核要几天|{item}退了怎么没见钱|仓库签收了退货为什么不退款|退款怎么还在处理中|我的退款呢|
    取消订单的钱什么时候退回来|钱退到微信还是银行卡，怎么没看到|{time}说给我退款的，没收到
    """,
    Intent.EXCHANGE_ITEM: """
    {item}换{size}的|{item}大小不合适，想换一个|{item}有瑕疵能换新的吗|换{size}要补钱吗|
    收到的{item}是坏的，要换|想把{item}换成别的颜色|{item}发错了，换对的给我|换货运费谁出|
    {item}太小了换个{size}|换货流程怎么走|拿错款了可以换不|{order}要换货
    """,
    Intent.PAYMENT: """
    {item}怎么付不了钱|可以用{pay}吗|{pay}付款失败|付款的时候提示错误|{order}付了款还显示未支付|
    能分期买{item}吗|可以到付吗|支持{pay}不|为什么扣款两次|付了定金尾款在哪付|支付密码输不了|
    刷{pay}要手续费吗|银行扣钱了订单没成功|怎么用{pay}结账
    """,
    Intent.INVOICE: """
    {order}开发票|{item}有发票吗|发票什么时候寄|帮我开{order}的电子票|开票信息填错了|
    专票要什么资料|发票税号写错了能改吗|{time}买的{item}能补票不|怎么没看到发票|
    发票内容能写办公用品吗|发票抬头改成公司名|电子发票发我邮箱|纸质发票给寄吗|可以开增值税票吗
    """,
    Intent.PRICE_PROMOTION: """
    {item}能优惠点吗|{item}多少钱|{item}什么时候打折|我{time}买的{item}现在降价了|
    买两个{item}有没有优惠|{item}价保多久|优惠券怎么领|券为什么不能用在{item}上|满减可以叠加吗|
    老客户有折扣不|{item}最低多少|有没有赠品|双十二{item}会便宜吗|差价退给我|会员有什么优惠|
    学生价有吗|团购{item}价格|拼团怎么拼|积分能抵多少钱
    """,
    Intent.PRODUCT_INFO: """
    {item}是什么材料做的|{item}有多重|{item}怎么安装|{item}的尺寸发一下|{item}适合送老人吗|
    {item}能用多长时间|{item}有几种颜色|{item}防不防水|{item}会掉毛吗|{item}好不好清洗|
    身高一米六五穿{size}合适吗|{item}和另一款哪个好|{item}是国产的吗|{item}有甲醛吗|
    {item}带不带电池|{item}孕妇可以用吗|{item}保质期到什么时候|{item}怎么充电|帮我推荐个{item}|
    {item}里面有什么配件|{item}支持蓝牙吗|{item}耐高温吗
    """,
    Intent.AVAILABILITY: """
    {item}有货没|{item}什么时候有货|{size}的还有吗|{item}卖完了吗|{item}还会上架吗|
    {item}断货多久了|{item}{size}有现货不|到货了通知我|{item}怎么下架了|{item}还剩多少|
    为啥显示缺货|{place}有没有货|黑色{item}还有不|能预定{item}吗|无货什么时候补
    """,
    Intent.WARRANTY_REPAIR: """
    {item}坏了|{item}保修几年|{item}不工作了怎么办|{item}能维修吗|{item}用了{time}就坏了|
    {item}开机没反应|{item}漏电|{item}碎了怎么处理|{item}在哪里修|{item}少了个零件|
    {item}有异响正常吗|过了保修期怎么修|{item}充不上电|修{item}要钱吗|售后点在{place}哪里|
    {item}到手就有裂痕|{item}按钮没反应|{item}黑屏了
    """,
    Intent.ACCOUNT: """
    账号登不上去了|密码忘了怎么找回|换手机了怎么登录|我要注销账户|验证码收不到|怎么修改绑定手机|
    账号被盗了|怎么改登录密码|注册不了|实名认证怎么弄|会员等级怎么看|邮箱怎么解绑|
    怎么删掉我的资料|提示账号异常|能合并两个账号吗|不想再收到推广短信了
    """,
    Intent.COMPLAINT: """
    我要投诉你们|{item}质量这么差还好意思卖|骗钱的吧你们|说了多少遍了没人管|
    快递员态度太差了我要投诉|你们这是欺诈|等了{time}一点结果都没有，太离谱|投诉到底有没有用|
    再不处理我就打12315|客服就知道敷衍|太失望了以后不会再来|什么垃圾店|给我个说法|
    虚假宣传，{item}根本不是那样|气死我了，{item}的事拖到现在|一群骗子
    """,
    Intent.HUMAN_AGENT: """
    转人工客服|人工服务|有没有活人|我不跟机器人聊|给我接个人|能打电话说吗|客服热线是多少|
    找你们主管|人工人工人工|叫个人来处理{order}|客服呢，出来|请帮我转专员|怎么联系真人|
    听不懂，转人工吧
    """,
    Intent.GREETING: """
    你好呀|您好客服|在不|有人在吗|亲亲在吗|哈啰|早|下午好|嗨喽|hi在吗|你好你好|晚上好呀|在么
    """,
    Intent.THANKS: """
    好的谢谢啦|谢谢您的帮助|太感谢了|嗯谢谢|没事了，谢谢|好滴，再见|就这样吧，拜拜|知道啦谢谢|
    辛苦你了|解决了，谢谢|明白了，多谢|3q|谢了|没有其他问题了|ok谢谢
    """,
    Intent.OUT_OF_SCOPE: """
    今天{place}多少度|{place}有什么好玩的|给我唱首歌|帮我写个请假条|你是谁发明的|
    世界上最高的山是哪座|怎么学英语|一斤等于多少克|帮我算一下12乘以35|中国有多少个省|
    给我说个笑话呗|晚上吃啥好|{time}会下雪吗|写一段python代码|昨晚的球赛看了吗|最近有什么电影好看|
    怎么做红烧肉|我跟女朋友吵架了|失眠怎么办|股市还会跌吗|哪个大学好|你有男朋友吗|
    地球为什么是圆的|房价什么时候降|给孩子起个名字|头疼吃什么药|讲个鬼故事|谁是美国总统|
    翻译成英文|星座运势|人为什么要上班|哈哈哈哈|嘿嘿|无聊|我在开车|{place}到上海的火车几点|
    这本书写得很感人|酒店房间有点小但是很干净|电影最后那段太好看了|帮我订个酒店|帮我叫个车|
    解释一下相对论|打游戏吗|我家狗今天很乖|放假几天
    """,
}
_EN: Final[dict[Intent, str]] = {
    Intent.ORDER_STATUS: """
    where is {order}|has my {item} been shipped|when will the {item} get here|
    my {item} still hasn't come|i ordered a {item} {time}, any news?|
    tracking for {order} isn't updating|my package has been stuck in {place} for days|
    is {order} out for delivery|expected my {item} {time}, where is it|
    tracking says delivered, no {item} here|can you check on {order}|did my order go out yet|
    parcel lost?|whats happening with {order}
    """,
    Intent.SHIPPING_INFO: """
    do you ship to {place}|how long to deliver to {place}|what are the delivery charges|
    is delivery free for a {item}|can i get next day delivery|shipping time to {place}|
    which carrier delivers|do you deliver on sundays|postage cost to {place}|how fast do you ship|
    can you deliver to a locker|international shipping available?|
    what's the minimum for free shipping
    """,
    Intent.CANCEL_ORDER: """
    cancel {order}|please cancel the {item}|i don't need the {item} anymore, cancel it|
    cancel what i bought {time}|can you stop {order} before it ships|
    i ordered two {item}s by accident, cancel one|how to cancel|i'd like to cancel my purchase|
    nevermind cancel that order|is it too late to cancel|abort my order
    """,
    Intent.CHANGE_ORDER: """
    change the address of {order} to {place}|i want to edit {order}|
    can i still add a {item} to {order}|ship it to {place} instead|
    make that {size} instead, not shipped yet|i typed the wrong postcode|
    remove the {item} from my order|switch the delivery date to {time}|
    the name on my order is wrong|i forgot the apartment number on {order}|
    swap the colour before it ships
    """,
    Intent.RETURN_REFUND: """
    how can i return the {item}|i want to send the {item} back|refund for {order} please|
    can i return a {item} i bought {time}|the {item} doesn't fit, can i get my money back|
    where do i send returns|is the return free|return window for {item}?|
    the {item} isn't as described, i want a refund|how do refunds work|
    can i return without the box|i'd like a refund
    """,
    Intent.REFUND_STATUS: """
    where's the refund for {order}|i returned the {item} {time}, still no refund|
    refund status of {order}|has my money been sent back|how long till my refund shows up|
    you said you refunded me but nothing came|my refund is late|
    did you receive my returned {item} and refund it|
    when do i get the money for the cancelled order|still waiting for my refund
    """,
    Intent.EXCHANGE_ITEM: """
    exchange the {item} for {size}|can i swap the {item} for another one|
    the {item} is too small, can i change it for {size}|got the wrong {item}, please exchange|
    replace my {item} with a new one|i'd like a different colour of the {item} i received|
    how do i exchange|send me a replacement {item}|can you exchange {order}
    """,
    Intent.PAYMENT: """
    can i pay by {pay}|do you take {pay}|my {pay} payment fails|why was my {pay} declined|
    payment error at checkout|i was charged two times for {order}|pay later possible?|
    is there an installment plan for the {item}|money taken but order not placed|how do i pay|
    can i split the payment|is paying with {pay} safe
    """,
    Intent.INVOICE: """
    invoice for {order}|can you email me the bill for the {item}|i need a tax invoice|
    receipt for {order} please|wrong company name on the invoice|how do i get a receipt|
    where is my invoice|vat number missing on the invoice|download invoice|
    can you reissue the invoice
    """,
    Intent.PRICE_PROMOTION: """
    any discount on the {item}|how much is the {item}|when does the {item} go on sale|
    my coupon code fails|the {item} got cheaper after i bought it|
    is there a deal if i buy two {item}s|do you price match|voucher not working|
    promo code for new customers?|what offers do you have {time}|is the {item} cheaper {time}|
    can i combine coupons|what's your best price
    """,
    Intent.PRODUCT_INFO: """
    what is the {item} made of|how heavy is the {item}|is the {item} waterproof|
    dimensions of the {item}|how do i set up the {item}|does the {item} come with batteries|
    is {size} right for me, i am 180 cm|can the {item} be washed|is the {item} good for kids|
    which {item} do you recommend|does the {item} have bluetooth|tell me more about the {item}|
    what colours does the {item} come in|is the {item} vegan|
    how long does the {item} last on one charge|is this {item} original
    """,
    Intent.AVAILABILITY: """
    is the {item} in stock|when is the {item} back|do you have the {item} in {size}|
    out of stock again?|any {item}s left|will you get more {item}s|can i preorder the {item}|
    is the {item} discontinued|do you sell {item}s in {place}|
    let me know when {size} is available|why is the {item} unavailable
    """,
    Intent.WARRANTY_REPAIR: """
    the {item} broke {time}|my {item} stopped working|how long is the {item} under warranty|
    can you fix my {item}|the {item} won't turn on|{item} arrived damaged, what now|
    my {item} makes a strange noise|where can i get the {item} repaired|
    screws missing for the {item}|the {item} leaks|the {item} is defective|
    does the guarantee cover the {item}|the {item} won't charge
    """,
    Intent.ACCOUNT: """
    i can't get into my account|reset my password|how do i sign up|close my account|
    change the phone number on my account|no verification email|
    i was logged out and can't sign in|someone hacked my account|update my profile name|
    stop sending me emails|where do i see my points|merge my two accounts|my login doesn't work
    """,
    Intent.COMPLAINT: """
    i want to make a complaint|this is ridiculous, {time} and nothing|you are scammers|
    terrible service|i've asked three times and nobody helps|
    i am very disappointed with your company|false advertising, the {item} is nothing like that|
    i'm going to report you|your courier was so rude|what a joke of a shop|
    never buying here again|i demand an apology|sick of your excuses
    """,
    Intent.HUMAN_AGENT: """
    real person please|i want a human|talk to an agent about {order}|customer service number|
    operator|can someone from your team call me|stop the bot, give me a person|
    how do i contact support|let me speak with your supervisor|representative|
    is there anyone i can talk to|live chat with a human
    """,
    Intent.GREETING: """
    hi there|hello again|hey team|good day|hii|helloo|yo|hi :)|morning!|hey hey|anyone there?|
    hello, how are you
    """,
    Intent.THANKS: """
    thank you very much|thx|ty|thanks for your help|awesome, thanks|ok bye|that solved it, thanks|
    appreciate it|no more questions, thank you|see you|great, that's all|cheers mate|
    thanks, you too
    """,
    Intent.OUT_OF_SCOPE: """
    what's the weather in {place}|who won the game {time}|tell me something funny|how old are you|
    capital of {place}|recipe for lasagna|write some python code|how far is the moon|
    translate hello to french|what should i watch tonight|i feel sad|how do i learn guitar|
    stock market {time}|set an alarm for seven|who is the president|book a table for two|
    what is 15 percent of 80|do you believe in god|traffic to {place}|is {place} safe to visit|
    the movie was boring|my dog is sick|lol|blah blah|i love pizza|why is the sky blue|play jazz|
    fun fact please|how do i invest|find me a hotel in {place}|explain gravity|sing a song
    """,
}
_FILL: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "item": (
        (
            *(
                "耳机",
                "鞋子",
                "手机壳",
                "充电宝",
                "电饭煲",
                "连衣裙",
                "水杯",
                "书包",
                "猫粮",
                "狗粮",
                "洗衣机",
            ),
            *(
                "键盘",
                "台灯",
                "面膜",
                "口红",
                "奶粉",
                "纸尿裤",
                "羽绒服",
                "牛仔裤",
                "床单",
                "枕头",
                "电视",
            ),
            *(
                "空调",
                "路由器",
                "锅",
                "茶叶",
                "零食",
                "玩具",
                "雨伞",
                "手表",
                "行李箱",
                "风扇",
                "冰箱",
                "货",
            ),
            *(
                "东西",
                "这个",
                "这款",
                "那件衣服",
                "吹风机",
                "剃须刀",
                "咖啡机",
                "平板",
                "显示器",
                "帐篷",
                "瑜伽垫",
            ),
        ),
        (
            *(
                "headphones",
                "shoes",
                "phone case",
                "charger",
                "kettle",
                "dress",
                "mug",
                "backpack",
                "jacket",
            ),
            *(
                "keyboard",
                "lamp",
                "lipstick",
                "blender",
                "jeans",
                "pillow",
                "tv",
                "router",
                "pan",
                "watch",
            ),
            *(
                "suitcase",
                "fan",
                "fridge",
                "toy",
                "umbrella",
                "coffee machine",
                "tablet",
                "monitor",
                "tent",
            ),
            *(
                "yoga mat",
                "sofa",
                "bike",
                "camera",
                "item",
                "product",
                "t-shirt",
                "coat",
                "cat food",
                "desk",
            ),
        ),
    ),
    "order": (
        (
            "订单10293847",
            "我的订单",
            "单号66120",
            "订单号5500123",
            "这个订单",
            "昨天那单",
            "20231108这单",
        ),
        (
            "order 10293",
            "my order",
            "order #55012",
            "order number 881204",
            "my last order",
            "that order",
        ),
    ),
    "time": (
        (
            "昨天",
            "前天",
            "上周",
            "三天",
            "一个星期",
            "半个月",
            "今天",
            "明天",
            "周末",
            "下周",
            "双十一",
            "上个月",
        ),
        (
            "yesterday",
            "last week",
            "on monday",
            "two weeks ago",
            "today",
            "tomorrow",
            "on friday",
            "last month",
        ),
    ),
    "place": (
        (
            "北京",
            "上海",
            "广州",
            "成都",
            "新疆",
            "西藏",
            "海南",
            "武汉",
            "公司",
            "老家",
            "内蒙古",
            "深圳",
            "香港",
            "农村",
        ),
        (
            "germany",
            "london",
            "new york",
            "spain",
            "my office",
            "japan",
            "texas",
            "ireland",
            "paris",
            "brazil",
        ),
    ),
    "size": (
        (
            "大一号",
            "小一号",
            "L码",
            "XL",
            "42码",
            "黑色",
            "蓝色",
            "白色",
            "红色",
            "S码",
            "大号",
            "38码",
        ),
        (
            "a bigger size",
            "size m",
            "xl",
            "black",
            "blue",
            "a smaller one",
            "size 42",
            "red",
            "the large one",
        ),
    ),
    "pay": (
        ("微信", "支付宝", "花呗", "信用卡", "白条", "银行卡", "余额", "云闪付"),
        ("paypal", "credit card", "visa", "apple pay", "klarna", "debit card", "amex", "gift card"),
    ),
}
_TIMES_FILLED: Final = 4


def patterned_messages(chance: random.Random) -> list[tuple[str, Intent]]:
    """Return every pattern filled several times, those without places once."""
    return [
        (message, intent)
        for language, patterns in enumerate((_ZH, _EN))
        for intent, joined in patterns.items()
        for part in joined.split("|")
        for message in sorted({_filled(part, language, chance) for _ in range(_TIMES_FILLED)})
    ]


def _filled(pattern: str, language: int, chance: random.Random) -> str:
    filled = {name: chance.choice(choices[language]) for name, choices in _FILL.items()}
    return " ".join(pattern.split()).format(**filled)
