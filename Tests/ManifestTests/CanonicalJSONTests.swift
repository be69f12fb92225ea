import Foundation
import Hashing
import Manifest
import Publication
import Tabular
import TestSupport
import Testing

@Suite struct CanonicalJSONTests {
  private func canonical(_ text: String) throws -> [UInt8] { try JSONParser.parse(Array(text.utf8)).canonicalBytes() }

  @Test func followsOLPC() throws {
    #expect(try canonical(#"{ "b": [1, true, null], "a": "x" }"#) == Array(#"{"a":"x","b":[1,true,null]}"#.utf8))
    // Only the quote and the backslash are escaped: control characters go out as they are.
    #expect(try canonical(#"["\n\t\"\\/é"]"#) == Array("[\"\n\t\\\"\\\\/é\"]".utf8))
    // Code point order: U+FFFF comes before U+1F600, which UTF-16 order would turn round.
    #expect(try canonical("{\"\u{1f600}\":1,\"\u{ffff}\":2}") == Array("{\"\u{ffff}\":2,\"\u{1f600}\":1}".utf8))
    // é and e with an accent are two keys.
    #expect(try canonical("{\"\u{e9}\":1,\"e\u{301}\":2}") == Array("{\"e\u{301}\":2,\"\u{e9}\":1}".utf8))
    for number in ["1.0", "1e2", "-0", "123456789012345678901234567890"] {
      #expect(throws: ManifestError.self) { try canonical("[\(number)]") }
    }
  }

  @Test func agreesWithSecuresystemslib() throws {
    guard let python = python(with: "securesystemslib.formats") else { return }
    var random = SmallRandom(seed: 5)
    let pieces = ["a", "é", "e\\u0301", "\\ud83d\\ude00", "\\uffff", "\\n", "\\u0001", "\\\"", "\\\\", "/", "长", " "]
    func text() -> String {
      "\""
        + (0..<Int.random(in: 0...4, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
        + "\""
    }
    func value(_ depth: Int) -> String {
      switch Int.random(in: 0...(depth > 2 ? 3 : 5), using: &random) {
      case 0: return text()
      case 1: return String(Int.random(in: -1_000...1_000, using: &random))
      case 2: return ["true", "false", "null"].randomElement(using: &random) ?? "null"
      case 3: return "[]"
      case 4: return "[" + (0..<3).map { _ in value(depth + 1) }.joined(separator: ",") + "]"
      default:
        return "{" + (0..<3).map { "\"\($0)" + text().dropFirst() + ":" + value(depth + 1) }.joined(separator: ",")
          + "}"
      }
    }
    let cases = (0..<200).map { _ in value(0) }
    let script = """
      import json, sys
      from securesystemslib.formats import encode_canonical
      for line in open(sys.argv[1], encoding="utf-8"): print(encode_canonical(json.loads(line)).encode("utf-8").hex())
      """
    let folder = TemporaryFolder()
    try (cases.joined(separator: "\n") + "\n").write(toFile: "\(folder.path)/cases", atomically: true, encoding: .utf8)
    let result = try run([python, "-c", script, "\(folder.path)/cases"])
    let expected = result.output.split(separator: "\n").map(String.init)
    #expect(result.code == 0 && expected.count == cases.count, "\(result.error)")
    for (text, hex) in zip(cases, expected) { #expect(encodeHex(try canonical(text)) == hex, "\(text)") }
  }
}

@Suite struct HashingTests {
  @Test func publishedVectors() {
    #expect(SHA256.hash("abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    // RFC 4231, test case 1 has a key of 20 bytes; padded to 32 with zeros it is the same key (RFC 2104 §2).
    let key = SymmetricKey([UInt8](repeating: 0x0b, count: 20) + [UInt8](repeating: 0, count: 12))
    #expect(
      encodeHex(key.authenticationCode(for: Array("Hi There".utf8)))
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    // RFC 8032 §7.1, test 1.
    let seed = decodeHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60") ?? []
    let signer = SigningKey(seed: seed)
    #expect(encodeHex(signer.publicKey) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    let signature = signer.signature(for: [])
    #expect(encodeHex(signature).hasPrefix("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb88215"))
    #expect(isValidSignature(signature, for: [], publicKey: signer.publicKey))
    #expect(!isValidSignature(signature, for: [1], publicKey: signer.publicKey))
    #expect(!isValidSignature([], for: [], publicKey: signer.publicKey))
  }
}
