/// What rules are called in reports for people; constraints and types of Table Schema, and what reports have besides.
///
/// Machines are given the rule's own name.
package func ruleText(_ rule: String, _ language: Language) -> String {
  guard language == .zh, let text = ruleTexts[rule] else { return rule }
  return "\(text)(\(rule))"
}

private let ruleTexts: [String: String] = [
  "required": "必填", "unique": "不得重复", "minimum": "不小于", "maximum": "不大于", "exclusiveMinimum": "大于",
  "exclusiveMaximum": "小于", "minLength": "最少字数", "maxLength": "最多字数", "pattern": "格式", "enum": "只能填",
  "jsonSchema": "JSON 结构",
  "categories": "只能填", "foreignKey": "须见于", "string": "文本", "integer": "整数", "number": "数字", "boolean": "是或否",
  "date": "日期",
  "time": "时间", "datetime": "日期和时间", "year": "年份", "yearmonth": "年月", "duration": "时长", "list": "列表", "geopoint": "坐标点",
  "geojson": "GeoJSON", "object": "JSON 对象", "array": "JSON 数组", "nulls": "空值比例", "range": "取值范围", "new_values": "新增取值",
  "lost_values": "消失的取值", "rows": "行数", "columns": "列", "min": "最少行数", "max": "最多行数", "change": "行数变化",
]
