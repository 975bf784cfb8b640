// Every word of the page, in both languages; a topic, task or lane without one is shown by its name.

const TEXTS = {
  en: {
    skip: "Skip to the content", flows: "Flows", outcomes: "Latest outcomes", handoffs: "Hand-offs",
    letters: "Dead letters", models: "Models in force", token: "Token", search: "Search",
    topic: "Topic", all: "All", pause: "Pause", time: "Time", what: "What", took: "Took",
    reason: "Reason", place: "Record", slot: "Slot", model: "Model", device: "Device",
    close: "Close", keep: "Keep until this tab closes", load_letters: "Read the last day",
    resend: "Send back", source_event: "The event", events_chart: "Events a second, by task",
    latency_chart: "Event to outcome, p50 and p99 (dashed), by lane", lag_chart: "Waiting records",
    token_help: "What the worker's web.token_file holds. Changes need it; beyond this machine, all does.",
    ready: "ready", not_ready: "not ready", offline: "no connection", connecting: "connecting",
    t_events: "Events/s", t_outcomes: "Outcomes/s", t_lag: "Waiting", t_flight: "In work",
    t_oldest: "Oldest in work", t_partitions: "Partitions", t_restarts: "Model restarts", t_lane: "Queue: {lane}",
    lag: "waiting", in_flight: "in work", none: "Nothing yet.", none_found: "Nothing found.",
    reading: "Reading…", gone: "It is not in its topic any more.", no_source: "—",
    sent_back: "{sent} sent back, {before} were before, {refused} refused, {unknown} unknown.",
    resent: "sent back before", failed: "That did not work: {why}", need_token: "Enter the token first.",
    dark: "Dark", light: "Light", other: "中文", select: "Choose {id}",
    "review-labels": "Review labels", replies: "Replies", "dead-letters": "Dead letters",
    recommendations: "Recommendations", sentiment: "sentiment", reply: "reply",
    recommend: "recommend", chat: "chat", reviews: "reviews", orders: "orders",
    "held-reviews": "Held reviews", "review-decisions": "People's decisions", moderation: "decisions",
    held: "Held reviews", load_held: "Read what waits", review: "Review", decision: "Decision",
    held_count: "{count} wait for a person.", allow: "Allow", reject: "Reject",
    allow_id: "Allow review {id}", reject_id: "Reject review {id}",
    done_allow: "Sent: {id} is to be allowed.", done_reject: "Sent: {id} is to be rejected.", hold: "held",
    toxicity: "toxic", insult: "insult", threat: "threat", profanity: "swearing", spam: "advertising",
    personal_data: "personal data",
    asked_for: "asked for a person", complaint: "complaint", unsure: "not sure enough",
    out_of_scope: "out of scope", no_knowledge: "no knowledge", no_order: "no such order",
    action_needed: "something to be done", repeated: "asked again", expired: "came too late",
  },
  zh: {
    skip: "跳到正文", flows: "流量", outcomes: "最新结果", handoffs: "转人工", letters: "死信",
    models: "在用模型", token: "令牌", search: "搜索", topic: "主题", all: "全部", pause: "暂停",
    time: "时间", what: "内容", took: "耗时", reason: "原因", place: "记录", slot: "位置",
    model: "模型", device: "设备", close: "关闭", keep: "保留到关闭此标签页",
    load_letters: "读取最近一天", resend: "重新发送", source_event: "原始事件",
    events_chart: "每秒事件数（按任务）", latency_chart: "事件到结果的延迟：p50 与 p99（虚线），按通道",
    lag_chart: "等待中的记录",
    token_help: "即 web.token_file 的内容。任何更改都需要它；从其他机器访问时，查看也需要。",
    ready: "就绪", not_ready: "未就绪", offline: "连接断开", connecting: "正在连接",
    t_events: "事件/秒", t_outcomes: "结果/秒", t_lag: "等待中", t_flight: "处理中",
    t_oldest: "最久处理", t_partitions: "分区", t_restarts: "模型重启", t_lane: "队列：{lane}", lag: "等待中",
    in_flight: "处理中", none: "还没有内容。", none_found: "没有找到。", reading: "正在读取…",
    gone: "该记录已不在主题中。", no_source: "—",
    sent_back: "已重发 {sent} 条，之前重发过 {before} 条，拒绝 {refused} 条，未知 {unknown} 条。",
    resent: "之前已重发", failed: "操作失败：{why}", need_token: "请先输入令牌。", dark: "深色",
    light: "浅色", other: "English", select: "选择 {id}", "review-labels": "评论标签",
    replies: "回复", "dead-letters": "死信", recommendations: "推荐", sentiment: "情感",
    reply: "回复", recommend: "推荐", chat: "聊天", reviews: "评论", orders: "订单",
    asked_for: "要求人工", complaint: "投诉", unsure: "把握不足", out_of_scope: "超出范围",
    "held-reviews": "待审评论", "review-decisions": "人工决定", moderation: "人工决定", held: "待审评论",
    load_held: "读取待审", review: "评论", decision: "决定", held_count: "{count} 条等待人工审核。",
    allow: "通过", reject: "拒绝", allow_id: "通过评论 {id}", reject_id: "拒绝评论 {id}",
    done_allow: "已提交：{id} 将予通过。", done_reject: "已提交：{id} 将予拒绝。", hold: "待审", toxicity: "有害",
    insult: "辱骂", threat: "威胁", profanity: "脏话", spam: "广告", personal_data: "个人信息",
    no_knowledge: "没有相关知识", no_order: "没有该订单", action_needed: "需要处理",
    repeated: "重复询问", expired: "已超时", positive: "正面", negative: "负面", neutral: "中性",
  },
};

let language = kept("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");

export function kept(name) {
  try { return localStorage.getItem(`shopstreams-${name}`); } catch { return null; }
}

export function keep(name, value) {
  try { localStorage.setItem(`shopstreams-${name}`, value); } catch { /* a private window */ }
}

export function text(key, values = {}) {
  const found = TEXTS[language][key] ?? key;
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function translate(root = document) {
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  for (const one of root.querySelectorAll("[data-text]")) one.textContent = text(one.dataset.text);
  for (const one of root.querySelectorAll("[data-label]")) {
    one.setAttribute("aria-label", text(one.dataset.label));
  }
}

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  keep("language", language);
  translate();
}

export function number(value, digits = 0) {
  return value.toLocaleString(language, { maximumFractionDigits: digits });
}

export function seconds(value) {
  return value < 1 ? `${number(value * 1000)} ms` : `${number(value, value < 10 ? 1 : 0)} s`;
}

export function clock(moment) {
  return new Date(moment).toLocaleTimeString(language, { hour12: false });
}
