/// What rules are called in reports for people; constraints and types of Table Schema, and what reports have besides.
///
/// Machines are given the rule's own name.
package func ruleText(_ rule: String, _ language: Language) -> String {
  guard language == .zh, let text = ruleTexts[rule] else { return rule }
  return "\(text)(\(rule))"
}

/// What an identifier is called where it was taken out of a Chinese text.
package func ruleTitle(_ rule: String) -> String { ruleTexts[rule] ?? rule }

private let ruleTexts: [String: String] = [
  "required": "必填", "unique": "不得重复", "minimum": "不小于", "maximum": "不大于", "exclusiveMinimum": "大于",
  "exclusiveMaximum": "小于", "minLength": "最少字数", "maxLength": "最多字数", "pattern": "格式", "enum": "只能填",
  "jsonSchema": "JSON 结构",
  "categories": "只能填", "foreignKey": "须见于", "string": "文本", "integer": "整数", "number": "数字", "boolean": "是或否",
  "date": "日期",
  "time": "时间", "datetime": "日期和时间", "year": "年份", "yearmonth": "年月", "duration": "时长", "list": "列表", "geopoint": "坐标点",
  "geojson": "GeoJSON", "object": "JSON 对象", "array": "JSON 数组", "nulls": "空值比例", "range": "取值范围", "new_values": "新增取值",
  "lost_values": "消失的取值",
  // What identifies persons, by the names that recognisers have for it.
  "resident-identity-number": "公民身份号码", "former-identity-number": "15 位身份证号", "permanent-residence-card": "永久居留证号",
  "mobile-number": "手机号码", "landline-number": "固定电话", "bank-card-number": "银行卡号", "passport-number": "护照号",
  "travel-permit-number": "通行证号", "hong-kong-identity-card": "香港身份证号", "taiwan-identity-card": "台湾身份证号",
  "macao-identity-card": "澳门身份证号", "license-plate": "车牌号", "officer-card-number": "军官、警官证号", "email-address": "电子邮箱",
  "messaging-account": "即时通讯账号", "network-address": "网络地址", "device-identifier": "设备识别码",
  "medical-card-number": "医保、就诊卡号",
  "secret": "密钥或口令", "hashed-value": "可被反推的摘要值", "personal-name": "姓名", "home-address": "到室的地址", "coordinates": "精确坐标",
  "birth-date": "出生日期", "linked-file": "指向文件的链接", "rows": "行数", "columns": "列", "min": "最少行数", "max": "最多行数",
  "change": "行数变化",
  // What was taken out and is there all the same.
  "own-row": "同一行中去除的列", "joined": "相邻各列连读", "digest": "摘要值",
  // What has changed since a column was signed off.
  "expired": "已过期", "unsigned": "未签署", "policy": "处理方式已改", "type": "类型", "lengths": "长度分布", "characters": "字符种类",
]
