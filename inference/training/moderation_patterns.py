"""Patterns of sentences that a shop must not print, and of those that only look like it.

No public set has a shop's threats, adverts or addresses. Each bar ends a pattern; places in braces
are filled in by `moderation_sentences.py`. Swear words proper come from a public list when the
model is trained ({swear}); what stands here are the everyday ones.
"""

from __future__ import annotations

from typing import Final

TOXICITY: Final = "toxicity"
INSULT: Final = "insult"
THREAT: Final = "threat"
PROFANITY: Final = "profanity"
SPAM: Final = "spam"
PERSONAL_DATA: Final = "personal_data"
LABELS: Final = (TOXICITY, INSULT, THREAT, PROFANITY, SPAM, PERSONAL_DATA)

Labels = tuple[str, ...]

ZH: Final[dict[Labels, str]] = {
    (TOXICITY, INSULT): """
    {who}就是个{fool}|{who}真是{fool}，没见过这么蠢的|你们这群{fool}|{fool}一个|{who}{fool}吧|
    骂的就是你，{fool}|{who}脑子有病|{who}脑子进水了吧|{who}没长脑子|{who}是不是智商有问题|
    {who}全家都是{fool}|一帮{fool}|{who}不是人，是{fool}|写好评的都是{fool}|楼上那个{fool}懂什么|
    给好评的人眼睛瞎了吧，{fool}|{who}就是一条狗|{who}狗都不如|{who}真不要脸，贱骨头|
    {who}你妈没教过你做人吗|{who}有娘生没娘养|{who}长得跟猪一样|猪脑子，{who}|{who}滚远点，恶心的东西|
    {who}去吃屎吧|{who}活该没人要|{who}简直是社会的败类|{who}人渣|碰到一个{fool}{who}|
    {who}脸皮比城墙还厚，{fool}|{who}这种{fool}也配开店|{who}真是个贱人|你才{fool}，你全家都{fool}|
    没见过{who}这么下贱的|{who}给我滚，{fool}|{who}死骗子，{fool}，不得好死|{who}有病吧，去精神病院看看|
    一看{who}就是没文化的{fool}|{who}你算什么东西|{who}蠢得像猪|哪来的{fool}{who}|{who}丑八怪|
    买这个的都是没脑子的{fool}|{who}脑残|{who}弱智|{who}智障|{who}白痴|{who}畜生|{who}禽兽不如|
    {who}垃圾人|{who}死肥猪|{who}臭不要脸的东西|{who}狗东西|{who}废物一个，回家种地去吧
    """,
    (TOXICITY, THREAT): """
    {who}给我小心点|{who}等着，我找人{hurt}你|我要{hurt}{who}|信不信我{hurt}你|再不退钱我就{hurt}{who}|
    不退款我就带人去砸了你的店|我知道你家在哪，晚上小心点|{who}出门小心被车撞|我会让{who}付出代价的，走着瞧|
    我已经查到你地址了，{time}就过去{hurt}你|{who}敢不发货我就{hurt}你全家|下次见到{who}我一定{hurt}他|
    我要一把火烧了你们店|小心我烧了你家房子|给{who}寄刀片|{who}你死定了|{time}就去你店里{hurt}你|
    {who}别让我在街上碰到，见一次打一次|老子带兄弟去{hurt}{who}|不给个说法，我就拿刀去你们公司|
    {who}你等着收尸吧|让{who}活不过{time}|我让你全家不得安宁|你的孩子在哪上学我都知道|
    弄死{who}|打断{who}的腿|{who}想死是不是|{who}，{time}之前不退钱，后果自负，我砍了你|我找黑社会{hurt}你|
    我会杀了{who}|炸了你们仓库|我要往你们店里泼油漆|{who}你晚上睡觉小心点|把{who}扔河里|拿命来赔|
    老子要{who}的命|我认识道上的人，{who}等着挨揍吧|{who}见血才知道怕|{time}我去堵{who}，一个都跑不了
    """,
    (PROFANITY,): """
    {oath}，{bad}|{oath}又{bad}|{oath}{good}|真{oath}好用|这{item}真{oath}{good}|{oath}什么破{item}|
    {bad}，{oath}|太{oath}{good}了|{oath}！{item}{bad}|我{oath}等了半个月|用了{time}就坏了，{oath}|
    {swear}，{bad}|{item}{bad}，{swear}|{oath}的，{bad}|{oath}质量{bad}|快递{oath}慢|{oath}，无语|
    {item}真{swear}的{good}|{swear}！这也叫{item}？|{good}，就是{oath}有点贵|老子{oath}服了|{swear}
    """,
    (TOXICITY, INSULT, PROFANITY): """
    {who}{swear}|{swear}{who}|{who}就是{swear}|{oath}{who}是{fool}|{who}，{swear}，{fool}|我{swear}你|
    {who}{swear}，还我钱|{oath}{fool}{who}|{who}是傻b|{who}sb|sb{who}|{who}傻X|{who}煞笔|{who}nmsl|cnm{who}|
    {who}你个{swear}|{bad}，{who}{swear}|{swear}全家|{who}2b|草泥马{who}|{who}沙雕{fool}|{who}装什么b
    """,
    (TOXICITY, INSULT, THREAT): """
    {fool}，等着我{hurt}你|{who}这个{fool}，看我不{hurt}你|{fool}{who}，{time}就去{hurt}你|
    {who}{fool}，我要让你死得很惨|狗东西，我知道你住哪，去{hurt}你
    """,
    (TOXICITY,): """
    {group}没一个好东西|{group}都是小偷|{group}滚出去|{group}素质就是低，猪狗不如|{group}就该死绝|
    千万别卖给{group}，都是骗子劣等人|{group}生下来就贱|买这{item}的不是{group}就是乞丐|{group}都该去死|
    最恶心{group}了，看到就想吐|{who}怎么不去死|{who}去死吧|祝{who}早日归西|希望{who}断子绝孙|
    {who}赶紧去投胎吧|{who}死全家|{who}出门就暴毙|诅咒{who}全家得癌症|{who}早死早超生|{who}不得好死|
    {group}只配干下等活|娘们儿就是没用，{group}懂个什么|胖子穿什么都恶心，别出来吓人|残废就别买东西了
    """,
    (SPAM,): """
    加微信{wechat}领优惠券|加V{wechat}，{gain}|需要{item}的加我{contact}|{gain}，联系{contact}|
    兼职刷单，{gain}，加{contact}|同款{item}只要{price}，店铺搜{shop}|同款{price}，{url}|高仿{brand}一比一，{contact}|
    {brand}原单尾货，支持验货，{contact}|专业代写好评，{contact}|淘宝内部优惠券群，进群{contact}|点击{url}领红包|
    打开{url}免费领{item}|代购{brand}，{price}起，{contact}|我家也卖{item}，比这便宜，{contact}|
    {shop}新店开业，全场{price}起，欢迎光临|想赚钱的宝妈看过来，{gain}，{contact}|贷款秒批，无需抵押，{contact}|
    专业办证刻章，{contact}|减肥茶一个月瘦二十斤，{contact}|薇❤{wechat}，{gain}|
    V信:{wechat} 特价{item}|
    扣扣{qq}，{item}批发|QQ群{qq}，每天{gain}|私聊我{contact}，有更便宜的{item}|信用卡套现，{contact}|
    彩票计划群，稳赚不赔，{contact}|股票内幕，跟着老师{gain}，{contact}|{item}厂家直销，量大从优，{contact}|
    关注公众号{shop}，免费领{item}|扫码进群，{gain}|下载app{url}，注册就送{price}|打字员招聘，{gain}，{contact}|
    祛斑祛痘就找{shop}，{contact}|{url} {item}全网最低价|复制这条口令打开淘宝，领{price}红包|
    招代理，{item}一件代发，{contact}|玩游戏{gain}，{url}|出租账号刷信誉，{contact}|澳门线上娱乐{url}|
    百家乐首存送{price}，{url}|{brand}复刻，加薇信{wechat}|好评返现找我做，{contact}|二手{item}转让，{price}，{contact}|
    宝宝投票请加{contact}|正规网贷{url}，{gain}|开发票，税点低，{contact}|{item}别在这买，来{shop}，只要{price}|
    本人长期回收{item}，高价，{contact}|薅羊毛群，0元撸{item}，加{wechat}|治疗脱发祖传秘方，{contact}|
    想要货源的姐妹滴滴我，{contact}|做微商找{shop}，{gain}|搜索抖音号{wechat}，直播间{item}{price}|
    空包代发，快递单号出售，{contact}|专业刷钻，{contact}|{price}包邮{item}，猛戳{url}
    """,
    (PERSONAL_DATA,): """
    我的电话是{phone}|打我手机{phone}|收件人{name}，{phone}|地址：{address}|我住在{address}|
    请寄到{address}，{name}收|{name}，电话{phone}，{address}|身份证号{idcard}|我的身份证是{idcard}，帮我办一下|
    退款打到我的卡{card}，户名{name}|银行卡号{card}|邮箱{email}，请联系我|发票发到{email}|
    店主叫{name}，住{address}|卖家电话{phone}，大家去打|快递员{name}的手机号{phone}|客服真名{name}，身份证{idcard}|
    我叫{name}，家住{address}|有问题打{phone}找{name}|车牌{plate}，司机{name}|{name}在{address}上班|
    我的护照号{passport}|老婆{name}手机{phone}|重新发货到{address}|{item}坏了，请回电{phone}|
    这个卖家是{name}，手机{phone}，大家小心|收货地址改成{address}|支付宝账号{email}，{name}|
    手机号：{phone}，验证码发我|我家门牌是{address}，放门口就行|生日{birthday}，身份证后四位8812，{name}|
    曝光卖家信息：{name}，{address}
    """,
    (): """
    这刀快得要命|便宜死了|好吃到爆|好用到哭|杀手级功能|性价比炸裂|屏幕黑屏了|美哭了|辣死我了，但是好吃|
    笑死我了，孩子太喜欢这个{item}|累死了，排了两小时队|贵得要死|热死了，这被子太厚|冷死人了，一点不保暖|
    这游戏打起来真爽，枪法爆头|杀菌效果不错|杀虫剂很管用，蟑螂全死了|老鼠药有效，死了三只|
    花没养几天就死了|鱼到货全死了，要求赔偿|秒杀价买的，值|这{item}秒杀同类产品|刀片很锋利，小心割手|
    枪灰色很好看|玩具枪做工不错|炸鸡很香|火药味的火锅底料，够劲|打折的时候买的|打死也不会再买了|
    再也不来这家店了|黑心商家，以次充好|骗人的商家，图片和实物完全不一样|假货，不要买|垃圾产品，{bad}|
    太差劲了，{bad}|客服态度恶劣，{bad}|客服爱理不理的，{bad}|差评，{bad}|气死我了，{bad}|无语，{bad}|
    坑人，{bad}|{item}是垃圾，别买|一星都不想给，{bad}|什么破{item}，{bad}|上当受骗，{bad}|
    我要投诉你们，{bad}|我会向12315投诉|再不处理我就打12315|我要去消协投诉|不退款就起诉你们|
    等着收律师函吧|我会找工商局举报|请商家给个说法，{bad}|严重怀疑是二手货|太坑了，退货还要自己出运费|
    虚假宣传，{bad}|店家就是骗子，发来的是空盒子|无良卖家，{bad}|奸商，{bad}|用户体验极差|
    客服说话像机器人，答非所问|卖家太不负责任了|快递小哥态度很差|快递员把包裹扔了就走|
    {item}{good}|{good}，推荐购买|{item}{good}，下次还来|给妈妈买的，她很喜欢|老公说{good}|
    客服很耐心，{good}|物流很快，{good}|{item}{good}，就是有点贵|性价比高，{good}|已经推荐给朋友了|
    微信支付很方便|用微信付的款，{good}|加了店家微信群售后，客服回得很快|扫码付款，{good}|比淘宝便宜{price}|
    {price}买的，{good}|双十一{price}入手，{good}|优惠券减了十块，{good}|同款在别家要{price}，这里便宜|
    活动价{price}，{bad}|说好送赠品，没收到|降价太快了，刚买就便宜了{price}|客服让我打400电话，没人接|
    打客服电话打不通，{bad}|收货地址写错了，客服帮忙改了|送到家门口，{good}|住六楼也给送上来了|
    身份证照片拍得清楚，扫描仪{good}|手机信号差，电话老断|型号13800，很好用|订单号2024110900123一直没发货|
    货号8833201，尺码标错了|电池5000毫安，{good}|净含量500ml，{good}|尺寸180x200，刚好|
    奶嘴软硬合适，宝宝喜欢|胸部有点紧，建议买大一码|屁股那里有点大|性感的红色，很显白|裸色口红，{good}|
    这个品牌的内衣穿着舒服|处女座表示不能忍这个线头|成人纸尿裤质量不错|狗粮，狗狗很爱吃|
    猪肉脯好吃|猪蹄很香|给家里的傻狗买的窝，它喜欢|我真是笨，装了半天才装上|我太蠢了，买错尺码|
    我眼瞎买错了颜色|脑子一热就买了|傻瓜式操作，一看就会|傻瓜相机，很好用|白痴都会装，很简单|
    滚筒洗衣机{good}|滚轮很顺滑|滚烫的时候小心|丑是丑了点，能用|颜色丑哭了，退了|味道像屎一样难闻，退货|
    臭得要命，{bad}|恶心，里面有头发|恶心死了，吃出虫子|书里的坏人太可恶了，看得我想打他|
    小说主角是杀手，情节紧张|电影里杀人那段吓死我了|讲黑社会的书，写得一般|历史书，讲屠杀那章很沉重|
    黑人牙膏一直用|农民伯伯种的苹果，{good}|东北大米，{good}|四川的辣酱，{good}|河南的胡辣汤，正宗|
    上海发货，三天到|女生穿很合适|男人用也不错|胖人穿显瘦|适合老人用|残疾人轮椅，{good}|
    """,
}

EN: Final[dict[Labels, str]] = {
    (TOXICITY, INSULT): """
    {who} is an {fool}|{who} is such a {fool}|you {fool}|what a {fool} you are|you are all {fool}s|
    {who} must be brain dead|are you stupid or what, {fool}|
    only a {fool} would write a five star review|
    the reviewer above is a {fool}|{who} is a worthless piece of garbage|
    {who} has the brain of a goldfish|
    {who} is dumber than a rock|go back to school you {fool}|get lost, {fool}|
    you people are pathetic {fool}s|
    {who} is a disgusting human being|your mother should be ashamed of raising you|
    {who} is too dumb to live|
    nobody likes you, {fool}|{who} is a lying {fool}|shut up you {fool}|hey {fool}, learn to read|
    anyone who buys this is a {fool}|{who} looks like a pig|you are a fat ugly {fool}|{who} is scum|
    {who} is a lowlife|filthy pigs, all of you|{who} is mentally retarded|you sad little {fool}|
    i hate {who}, what a {fool}|whoever made this is a complete {fool}|
    {who} is a clown and a {fool}|
    {who} can eat dirt|is {who} really that thick, absolute {fool}|the owner is a miserable {fool}|
    {who} is the dumbest person i ever met|you are a waste of oxygen|spineless {fool}|
    you crooked little {fool}
    """,
    (TOXICITY, THREAT): """
    i will {hurt} {whom}|i'm going to {hurt} {whom}|i know where you live|watch your back|
    refund me or i will {hurt} you|i will come to your shop and {hurt} {whom}|
    you better sleep with one eye open|
    if i see {whom} i will {hurt} them|i will burn your store down|i'll burn your house down|
    give me my money back or you will get hurt|you will regret this, i will {hurt} you {time}|
    i am coming for you {time}|i swear i will {hurt} {whom}|somebody should {hurt} {whom}|
    i have your address and i'm bringing a gun|next time i'm bringing a knife|i will make you bleed|
    you are dead|you're a dead man|wait until i find {whom}, i'll {hurt} them|
    i will send people to {hurt} you|
    i know which school your kids go to|i will smash your windows {time}|
    pray i never meet {whom} in the street|
    i'll put {whom} in the hospital|i will blow up your warehouse|
    someone is going to get shot over this|
    i'll make sure {whom} never walks again|
    you have until {time} to pay me back or i break your legs|
    i will hunt you down|ship it or i {hurt} your family|
    i would love to {hurt} {whom} with my own hands
    """,
    (PROFANITY,): """
    {oath} {bad}|this {item} is {oath} {good}|what the {oath}, {bad}|{oath}, it is {good}|
    so {oath} {good}|holy {oath} this {item} is {good}|this {item} is a piece of {oath}|
    {bad}, {oath}|
    {oath} this, {bad}|{swear} this {item}|{swear}! {bad}|what {swear} is this|
    {item} is total {oath}|
    it broke after {time}, {oath}|{oath} expensive but {good}|{good} as {oath}|wtf, {bad}|
    omfg {good}|
    {swear}|best {oath} {item} ever|who the {oath} designed this {item}|
    i don't give a {oath}, it is {good}|
    bloody hell, {bad}|this is {swear}
    """,
    (TOXICITY, INSULT, PROFANITY): """
    {oath} you {who}|{who} is a {swear}|you {swear}|{who} is a {oath} {fool}|you {oath} {fool}|
    {swear} you, {fool}|stupid {swear}|go {oath} yourself|{who} can go to hell, {swear}|
    {bad}, you {swear}s|
    lying {swear}|to all the {swear}s who gave five stars|{who} is full of {oath}, {oath} {fool}|
    stfu {fool}|
    f you {who}|{who} is a total a-hole|eat {oath} you {fool}|kiss my a55 you {fool}|
    you dumb {swear}
    """,
    (TOXICITY, INSULT, THREAT): """
    you {fool}, i will {hurt} you|i'm going to {hurt} you, {fool}|watch your back you {fool}|
    that {fool} is dead when i find him|i know where you live, {fool}
    """,
    (TOXICITY,): """
    {group} are all thieves|never buy from {group}, they are animals|{group} should be wiped out|
    {group} are subhuman|i hate {group}, send them all back|typical {group}, dirty and stupid|
    {group} ruin everything they touch|only {group} would buy this trash|
    {group} should not be allowed to breed|
    kill yourself|go kill yourself|i hope {whom} dies|hope {whom} gets cancer|drop dead|
    the world would be better without {group}|{group} belong in the kitchen|{group} are a disease|
    i hope your whole family dies|i hope {whom} rots in hell|keep {group} out of this country|
    do the world a favour and jump off a bridge|{group} smell and lie
    """,
    (SPAM,): """
    visit {url} for cheap {item}|buy {item} for {price} at {url}|click here {url}|
    {url} best deals on {item}|
    whatsapp {phone} for wholesale {item}|contact me on telegram {handle}|
    earn {price} a day from home, {url}|
    make money online, {gain}, {url}|follow {handle} on instagram for discounts|
    dm {handle} for replica {brand}|
    use my promo code SAVE{digits} at {url}|get {price} free when you sign up at {url}|
    i sell the same {item} for {price}, {contact}|
    cheap {brand} bags, {contact}|work from home and earn {price}, {contact}|
    free iphone, just click {url}|
    guaranteed loans in 24 hours, {contact}|hot singles in your area {url}|
    lose 20 pounds in a week {url}|
    buy followers at {url}|crypto doubled my money, ask {handle}|
    subscribe to my youtube channel {handle}|
    check out my store {url}|my shop {shop} has it cheaper, {url}|
    we pay {price} for five star reviews, {contact}|
    dropshipping course that changed my life: {url}|online casino bonus {price} {url}|
    viagra without prescription {url}|
    best seo services, {contact}|join our group {url} and {gain}|
    congratulations you won {price}, claim at {url}|
    limited offer!!! {item} {price} only at {url}|need a loan? {contact}|
    forex signals, {gain}, telegram {handle}|
    invest {price} and {gain}, text {phone}|{url}|promo: {item} 70% off {url} hurry|
    email {email} for bulk orders of {item}|
    dr {name} cast a spell and my husband came back, {contact}|discount {brand} outlet {url}|
    buy real reviews, {contact}|sell your old {item} for cash, call {phone}|
    don't buy here, get it at {shop} for {price}, {url}
    """,
    (PERSONAL_DATA,): """
    my phone number is {phone}|call me at {phone}|text me on {phone}, {name}|
    my address is {address}|
    ship it to {address}|i live at {address}|send the refund to card {card}|
    my card number is {card}|
    my email is {email}|reach me at {email}|my social security number is {ssn}|my ssn: {ssn}|
    the seller's name is {name}, phone {phone}|the owner {name} lives at {address}|
    the driver was {name}, plate {plate}|contact {name} at {email}|{name}, {address}, {phone}|
    my passport number is {passport}|my iban is {iban}|please resend to {name}, {address}|
    her number is {phone} if you want to complain|agent {name} ({email}) was rude|
    my date of birth is {birthday} and my name is {name}|
    here is the home address of the manager: {address}|
    if found call {phone}|my husband {name} can be reached on {phone}|bank account of {name}: {iban}
    """,
    (): """
    this knife is to die for|killer app|a killer deal|this {item} kills it|dead simple to use|
    the battery is dead|
    dead on arrival|the screen went black|drop dead gorgeous|i would kill for another one of these|
    to die for|this game is sick|insanely good|crazy good {item}|stupid good|
    stupidly easy to set up|
    idiot proof instructions|for dummies book, helpful|i'm an idiot, i ordered the wrong size|
    silly me, wrong colour|
    kills germs|kills weeds fast|mouse trap works, killed two mice|bug spray, killed the roaches|
    the plant died after a week|my phone died|the fish arrived dead|shot great pictures|
    shoots in low light well|
    nerf gun, kids love it|glue gun heats up fast|nail gun works|bomb bath salts smell great|
    this lipstick is the bomb|
    blown away by the quality|it blew up in my face, the blender|
    the charger exploded and burned my table|
    burned my mouth, very hot sauce|punching bag is sturdy|
    the hero fights and kills the villain, great movie|
    a book about a murder, could not put it down|the killer was obvious from page ten|
    horror movie, scary as can be|
    {bad}|terrible, {bad}|worst purchase ever, {bad}|waste of money, {bad}|total junk, {bad}|
    garbage, {bad}|
    complete rip off, {bad}|what a scam, {bad}|the seller is dishonest, {bad}|
    they are crooks, never got my refund|
    customer service was awful, {bad}|rude staff, {bad}|i am so angry, {bad}|
    i want my money back, {bad}|
    zero stars if i could, {bad}|i hate this {item}|i hate it|this {item} sucks|it sucks, {bad}|
    trash|
    i will never buy here again|i will report you to the bbb|i will dispute the charge with my bank|
    expect a letter from my lawyer|i will sue if you don't refund me|
    i will leave bad reviews everywhere|
    i'm calling consumer protection|avoid this seller|buyer beware, {bad}|fake, not a real {brand}|
    false advertising, {bad}|the driver threw the package over the fence|the agent hung up on me|
    they lied about the size|this company does not care about customers|
    damaged box, careless courier|
    {good}|{item} is {good}|love it, {good}|my kids love this {item}|my husband says it is {good}|
    bought for my mum, she loves it|works great, {good}|{good} for {price}|paid {price}, {good}|
    cheaper on other sites, i saw it for {price}|20% off coupon worked|got it on sale for {price}|
    the website was slow but {good}|ordered online, arrived in two days|
    the company website has a manual|
    i emailed customer service and they answered fast|called support, on hold for an hour|
    the phone number on the box does not work|tracking number 9400111899 never updated|
    order 112-4482910 arrived late|model 5550123 fits|part number 88-1234 is correct|
    12 oz bottle, {good}|
    screwed it to the wall|the screws were missing|nut butter, tasty|
    cock-a-doodle alarm clock is fun|
    damn good {item}|holy crap, it is {good}|hell yes, {good}|nude colour, {good}|
    sexy dress, {good}|tight around the breasts|
    my butt looks great in these jeans|
    the bra is comfortable|the bitter taste of the beans|shitake mushrooms, tasty|
    classic assassin's game|
    hello kitty {item}|black shoes, {good}|white dress, {good}|asian cookbook, {good}|
    mexican blanket, {good}|
    for women with small hands|a great gift for men|good for old people|wheelchair accessible|
    send it to my home was easy|i live in a small flat so size matters|delivered to my door|
    chat on whatsapp works well on this phone|instagram looks great on this screen|
    follow the instructions|
    click the button twice to reset|subscribe and save is handy|free shipping, {good}|
    """,
}
