internal import Hashing
internal import NIOHTTP1
internal import Publication

/// The head of an answer, and which bytes follow it.
struct Answer {
  var status: HTTPResponseStatus
  var headers = HTTPHeaders()
  var parts: [Part] = []

  enum Part {
    case bytes([UInt8])
    /// Of the representation.
    case range(Range<Int>)
  }

  /// Bytes that follow the head.
  var byteCount: Int {
    parts.reduce(0) { sum, part in
      switch part {
      case .bytes(let bytes): sum + bytes.count
      case .range(let range): sum + range.count
      }
    }
  }

  init(_ status: HTTPResponseStatus) {
    self.status = status
    headers.add(name: "Access-Control-Allow-Origin", value: "*")
    headers.add(name: "X-Content-Type-Options", value: "nosniff")
  }

  /// A short text for people, in both languages.
  init(_ status: HTTPResponseStatus, _ text: LocalizedText) {
    self.init(status)
    headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
    headers.add(name: "Cache-Control", value: "public, max-age=60")
    parts = [.bytes(Array("\(text.zh)\n\(text[.en])\n".utf8))]
  }

  /// What becomes of a GET or HEAD of a representation: conditions first, then ranges (RFC 9110 §13.2.2).
  init(_ representation: Representation, request: HTTPHeaders, isGet: Bool) {
    let tag = "\"\(representation.entityTag)\""
    let canSeek = if case .unpacked = representation.body { false } else { true }
    var fields: [(String, String)] = [
      ("ETag", tag), ("Last-Modified", representation.modified.httpDate),
      ("Cache-Control", representation.caching.rawValue), ("Accept-Ranges", canSeek ? "bytes" : "none"),
      (
        "Access-Control-Expose-Headers",
        "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Repr-Digest"
      ),
    ]
    if let digest = representation.digest { fields.append(("Repr-Digest", "sha-256=:\(base64(digest.bytes)):")) }
    if let names = representation.fileNames {
      fields.append(
        (
          "Content-Disposition",
          "attachment; filename=\"\(names.plain)\"; filename*=UTF-8''\(percentEncoded(names.readable))"
        ))
    }
    if representation.mediaType.beginsWith("text/html") {
      fields.append(
        (
          "Content-Security-Policy",
          "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ))
      fields.append(("Referrer-Policy", "no-referrer"))
    }

    let modified = representation.modified
    if let condition = request.first(name: "If-Match"), !Self.lists(condition, tag, isWeak: false) {
      self.init(.preconditionFailed)
    } else if request.first(name: "If-Match") == nil,
      let date = request.first(name: "If-Unmodified-Since").flatMap(Instant.at(httpDate:)),
      modified > date
    {
      self.init(.preconditionFailed)
    } else if let condition = request.first(name: "If-None-Match") {
      self.init(Self.lists(condition, tag, isWeak: true) ? .notModified : .ok)
    } else if let date = request.first(name: "If-Modified-Since").flatMap(Instant.at(httpDate:)), modified <= date {
      self.init(.notModified)
    } else {
      self.init(.ok)
    }
    headers.add(contentsOf: fields)
    guard status == .ok else { return }

    headers.add(name: "Content-Type", value: representation.mediaType)
    let isSame = request.first(name: "If-Range").map { $0 == tag || Instant.at(httpDate: $0) == modified } ?? true
    let ranges = ByteRanges(
      canSeek && isSame && isGet ? request.first(name: "Range") : nil, byteCount: representation.byteCount)
    switch ranges {
    case .whole: parts = [.range(0..<representation.byteCount)]
    case .unsatisfiable:
      status = .rangeNotSatisfiable
      headers.remove(name: "Content-Type")
      headers.add(name: "Content-Range", value: "bytes */\(representation.byteCount)")
    case .parts(let list) where list.count == 1:
      status = .partialContent
      headers.add(name: "Content-Range", value: Self.contentRange(list[0], representation.byteCount))
      parts = [.range(list[0])]
    case .parts(let list):
      status = .partialContent
      let boundary = "daylight-\(representation.entityTag.prefix(24))"
      headers.replaceOrAdd(name: "Content-Type", value: "multipart/byteranges; boundary=\(boundary)")
      for range in list {
        let head =
          "\r\n--\(boundary)\r\nContent-Type: \(representation.mediaType)\r\nContent-Range: \(Self.contentRange(range, representation.byteCount))\r\n\r\n"
        parts += [.bytes(Array(head.utf8)), .range(range)]
      }
      parts.append(.bytes(Array("\r\n--\(boundary)--\r\n".utf8)))
    }
  }

  private static func contentRange(_ range: Range<Int>, _ byteCount: Int) -> String {
    "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(byteCount)"
  }

  /// Whether a list of entity tags holds this one.
  private static func lists(_ condition: String, _ tag: String, isWeak: Bool) -> Bool {
    condition.split(separator: ",").contains { item in
      var item = item.drop { $0 == " " }
      while item.last == " " { item.removeLast() }
      if isWeak && item.beginsWith("W/") { item = item.dropFirst(2) }
      return item == "*" || item == tag
    }
  }
}
