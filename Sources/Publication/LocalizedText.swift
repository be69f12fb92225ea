/// The languages that Daylight speaks.
package enum Language: String, Sendable, CaseIterable {
  case zh, en

  /// The BCP 47 tag that pages and catalogues carry.
  package var tag: String { self == .zh ? "zh-CN" : "en" }
}

/// A text for people in both languages.
///
/// Chinese is always there; English falls back to it.
package struct LocalizedText: Hashable, Sendable {
  package let zh: String
  package let en: String?

  package init(zh: String, en: String? = nil) {
    self.zh = zh
    self.en = en
  }

  package subscript(language: Language) -> String { language == .zh ? zh : en ?? zh }
}
