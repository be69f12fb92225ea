import Foundation
import Hashing
import Publication
import Tabular
import TestSupport
import Testing

@testable import Manifest

/// The client's state machine against metadata that a hostile publisher could make.
@Suite struct TrustedMetadataTests {
  private let keys = (0..<4).map { SigningKey(seed: [UInt8](repeating: UInt8($0 + 1), count: 32)) }
  private let now = Instant(secondsSince1970: 1_795_413_600)

  private func signed(_ members: [(String, JSON)], by signers: [SigningKey]) throws -> [UInt8] {
    let body = JSON.members(members.map { ($0.0, Optional($0.1)) })
    let signatures = try signers.map { key -> JSON in
      .members([
        ("keyid", .string(try keyID(of: key))),
        ("sig", .string(encodeHex(key.signature(for: try body.canonicalBytes())))),
      ])
    }
    return JSON.members([("signatures", .array(signatures)), ("signed", body)]).compactBytes
  }

  private func common(_ type: String, version: Int, days: Int = 1) -> [(String, JSON)] {
    [
      ("_type", .string(type)), ("spec_version", "1.0.34"), ("version", .int(version)),
      ("expires", .string(now.advanced(days: days).description)),
    ]
  }

  private func root(
    _ version: Int, keys roleKeys: [SigningKey], threshold: Int = 1, signers: [SigningKey], days: Int = 1
  ) throws -> [UInt8] {
    let ids = try roleKeys.map { try keyID(of: $0) }
    let role = JSON.members([("keyids", .array(ids.map { .string($0) })), ("threshold", .int(threshold))])
    return try signed(
      common("root", version: version, days: days) + [
        ("keys", .members(try roleKeys.map { (try keyID(of: $0), keyObject($0)) })),
        ("roles", .members(["root", "targets", "snapshot", "timestamp"].map { ($0, role) })),
      ], by: signers)
  }

  private func timestamp(_ version: Int, snapshot: Int, days: Int = 1, by signers: [SigningKey]) throws -> [UInt8] {
    try signed(
      common("timestamp", version: version, days: days) + [
        ("meta", .members([("snapshot.json", .members([("version", .int(snapshot))]))]))
      ], by: signers)
  }

  private func snapshot(_ version: Int, _ meta: [String: Int], by signers: [SigningKey]) throws -> [UInt8] {
    try signed(
      common("snapshot", version: version) + [
        ("meta", .members(meta.sorted { $0.key < $1.key }.map { ($0.key, .members([("version", .int($0.value))])) }))
      ],
      by: signers)
  }

  @Test func rootsFollowOneAnotherWithoutAGap() throws {
    var trusted = try TrustedMetadata(trustedRoot: root(1, keys: [keys[0]], signers: [keys[0]]), now: now)
    #expect(throws: VerificationError.self) { try trusted.updateRoot(root(3, keys: [keys[0]], signers: [keys[0]])) }
    #expect(throws: VerificationError.self) { try trusted.updateRoot(root(1, keys: [keys[0]], signers: [keys[0]])) }
    // A new key needs the old one's word, and its own.
    #expect(throws: VerificationError.self) { try trusted.updateRoot(root(2, keys: [keys[1]], signers: [keys[1]])) }
    #expect(throws: VerificationError.self) { try trusted.updateRoot(root(2, keys: [keys[1]], signers: [keys[0]])) }
    try trusted.updateRoot(root(2, keys: [keys[1]], signers: [keys[0], keys[1]]))
    #expect(trusted.rootVersion == 2)
  }

  @Test func aThresholdCountsKeysAndNotSignatures() throws {
    let two = [keys[0], keys[1]]
    #expect(throws: VerificationError.self) {
      try TrustedMetadata(trustedRoot: root(1, keys: two, threshold: 2, signers: [keys[0]]), now: now)
    }
    #expect(throws: VerificationError.self) {
      try TrustedMetadata(trustedRoot: root(1, keys: two, threshold: 2, signers: [keys[0], keys[0]]), now: now)
    }
    #expect(throws: VerificationError.self) {
      try TrustedMetadata(trustedRoot: root(1, keys: two, threshold: 2, signers: [keys[0], keys[2]]), now: now)
    }
    #expect(throws: VerificationError.self) {
      try TrustedMetadata(trustedRoot: root(1, keys: two, threshold: 0, signers: []), now: now)
    }
    _ = try TrustedMetadata(trustedRoot: root(1, keys: two, threshold: 2, signers: two), now: now)
  }

  @Test func nothingGoesBackAndNothingExpiredIsTaken() throws {
    let signer = [keys[0]]
    var trusted = try TrustedMetadata(trustedRoot: root(1, keys: signer, signers: signer), now: now)
    #expect(throws: VerificationError.self) {
      try trusted.updateTimestamp(timestamp(1, snapshot: 1, days: -1, by: signer))
    }
    #expect(throws: VerificationError.self) { try trusted.updateTimestamp(timestamp(1, snapshot: 1, by: [keys[3]])) }
    #expect(throws: VerificationError.self) { try trusted.updateSnapshot(snapshot(1, ["targets.json": 1], by: signer)) }
    try trusted.updateTimestamp(timestamp(5, snapshot: 5, by: signer))
    #expect(throws: VerificationError.self) { try trusted.updateTimestamp(timestamp(4, snapshot: 5, by: signer)) }
    #expect(throws: VerificationError.self) { try trusted.updateTimestamp(timestamp(6, snapshot: 4, by: signer)) }
    #expect(throws: VerificationError.self) { try trusted.updateSnapshot(snapshot(4, ["targets.json": 1], by: signer)) }
    try trusted.updateSnapshot(snapshot(5, ["targets.json": 2, "a.json": 1], by: signer))
    try trusted.updateTimestamp(timestamp(6, snapshot: 6, by: signer))
    #expect(throws: VerificationError.self) {
      try trusted.updateSnapshot(snapshot(6, ["targets.json": 1, "a.json": 1], by: signer))
    }
    #expect(throws: VerificationError.self) { try trusted.updateSnapshot(snapshot(6, ["targets.json": 2], by: signer)) }
    try trusted.updateSnapshot(snapshot(6, ["targets.json": 2, "a.json": 1], by: signer))
    #expect(trusted.targetsRoles.map(\.name) == ["targets", "a"])
    #expect(throws: VerificationError.self) {
      try trusted.updateTargets(
        signed(common("targets", version: 1) + [("targets", .object([]))], by: signer), role: "a")
    }
    #expect(throws: VerificationError.self) {
      try trusted.updateTargets(
        signed(common("targets", version: 3) + [("targets", .object([]))], by: signer), role: "targets")
    }
  }

  @Test func aRoleSpeaksOnlyForThePathsThatItWasGiven() throws {
    let signer = [keys[0]]
    var trusted = try TrustedMetadata(trustedRoot: root(1, keys: signer, signers: signer), now: now)
    try trusted.updateTimestamp(timestamp(1, snapshot: 1, by: signer))
    try trusted.updateSnapshot(snapshot(1, ["targets.json": 1, "a.json": 1], by: signer))
    let delegations = JSON.members([
      ("keys", .members([(try keyID(of: keys[1]), keyObject(keys[1]))])),
      (
        "roles",
        [
          .members([
            ("name", "a"), ("keyids", [.string(try keyID(of: keys[1]))]), ("threshold", 1),
            ("paths", ["a/*", "a/?/x*"]), ("terminating", true),
          ])
        ]
      ),
    ])
    try trusted.updateTargets(
      signed(common("targets", version: 1) + [("targets", .object([])), ("delegations", delegations)], by: signer),
      role: "targets")
    let target = JSON.members([("length", 1), ("hashes", .members([("sha256", .string(SHA256.hash("x").hex))]))])
    let named = ["a/1", "a/b/c", "a/b/xyz", "a/bb/x", "b/1", "a", "../a/1"]
    let body = common("targets", version: 1) + [("targets", .members(named.map { ($0, target) }))]
    #expect(throws: VerificationError.self) { try trusted.updateTargets(signed(body, by: signer), role: "a") }
    try trusted.updateTargets(signed(body, by: [keys[1]]), role: "a")
    #expect(try trusted.signedTargets().map(\.path) == ["a/1", "a/b/xyz"])
  }

  @Test(arguments: [
    "", "{}", "[]", "{\"signed\":{}}", "{\"signatures\":[],\"signed\":{\"_type\":\"root\",\"version\":1.5}}",
  ])
  func whatIsNoMetadataIsRefused(text: String) {
    #expect(throws: VerificationError.self) { try TrustedMetadata(trustedRoot: Array(text.utf8), now: now) }
  }

  private func targets(
    _ role: String, _ paths: [String] = [],
    delegating delegations: [(role: String, key: SigningKey, paths: [String])] = [],
    by signer: SigningKey
  ) throws -> [UInt8] {
    let digest = SHA256.hash(role).hex
    let list = paths.map {
      ($0, JSON?.some(.members([("length", 1), ("hashes", .members([("sha256", .string(digest))]))])))
    }
    var members = common("targets", version: 1) + [("targets", .members(list))]
    if !delegations.isEmpty {
      members.append(
        (
          "delegations",
          .members([
            (
              "keys",
              .members(
                try Set(delegations.map(\.key.seed)).map {
                  (try keyID(of: SigningKey(seed: $0)), keyObject(SigningKey(seed: $0)))
                })
            ),
            (
              "roles",
              .array(
                try delegations.map { delegation in
                  .members([
                    ("name", .string(delegation.role)), ("keyids", [.string(try keyID(of: delegation.key))]),
                    ("threshold", 1),
                    ("paths", .array(delegation.paths.map { .string($0) })), ("terminating", true),
                  ])
                })
            ),
          ])
        ))
    }
    return try signed(members, by: [signer])
  }

  /// A department that hands its power on cannot hand on more than it has, nor sign what another role signs.
  @Test func aDelegationGivesNoMoreThanItsDelegatorHas() throws {
    let top = keys[0]
    var trusted = try TrustedMetadata(trustedRoot: root(1, keys: [top], signers: [top]), now: now)
    try trusted.updateTimestamp(timestamp(1, snapshot: 1, by: [top]))
    try trusted.updateSnapshot(snapshot(1, ["targets.json": 1, "a.json": 1, "b.json": 1, "a-more.json": 1], by: [top]))
    try trusted.updateTargets(
      targets("targets", delegating: [("a", keys[1], ["a/*"]), ("b", keys[2], ["b/*"])], by: top), role: "targets")
    #expect(throws: VerificationError.self) {
      try trusted.updateTargets(targets("a-more", ["a/x"], by: keys[3]), role: "a-more")
    }
    try trusted.updateTargets(
      targets(
        "a", ["a/own", "b/stolen"], delegating: [("a-more", keys[3], ["*/*"]), ("b", keys[3], ["b/*"])], by: keys[1]),
      role: "a")
    try trusted.updateTargets(targets("a-more", ["a/own", "a/more", "b/stolen"], by: keys[3]), role: "a-more")
    // `b` is the top's to delegate, whoever else names it.
    #expect(throws: VerificationError.self) { try trusted.updateTargets(targets("b", ["b/x"], by: keys[3]), role: "b") }
    try trusted.updateTargets(targets("b", ["b/x"], by: keys[2]), role: "b")
    let found = try trusted.signedTargets()
    #expect(found.map { "\($0.path) \($0.role)" } == ["a/more a-more", "a/own a", "b/x b"])
    #expect(found.first { $0.path == "a/own" }?.digest == SHA256.hash("a"), "the role nearer to the top counts")
  }

  /// TUF §5.3.11: whoever stole a key and signed version 2³¹ must not lock clients out for good.
  @Test func aNewKeyEndsAFastForward() throws {
    let first = [keys[0]]
    let before = try timestamp(1 << 31, snapshot: 1 << 31, by: first)
    var trusted = try TrustedMetadata(trustedRoot: root(1, keys: first, signers: first), now: now)
    trusted.hold(timestamp: before, snapshot: nil)
    #expect(trusted.timestampVersion == 1 << 31)
    #expect(throws: VerificationError.self) { try trusted.updateTimestamp(timestamp(7, snapshot: 7, by: first)) }
    var rotated = try TrustedMetadata(trustedRoot: root(1, keys: first, signers: first), now: now)
    try rotated.updateRoot(root(2, keys: [keys[1]], signers: [keys[0], keys[1]]))
    rotated.hold(timestamp: before, snapshot: nil)
    #expect(rotated.timestampVersion == nil)
    try rotated.updateTimestamp(timestamp(7, snapshot: 7, by: [keys[1]]))
  }
}
