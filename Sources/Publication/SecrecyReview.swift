/// What the secrecy review (保密审查) of a release came to; only the first lets it go out.
package enum SecrecyReview: String, Sendable, CaseIterable {
  /// Nothing in it is a state secret.
  case notSecret = "不涉密"
  case secret = "涉密"
}
