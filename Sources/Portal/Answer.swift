internal import Hashing
internal import HTTPTypes
internal import Publication

/// The head of an answer, and which bytes follow it.
struct Answer {
  var status: HTTPResponse.Status
  var fields = HTTPFields()
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

  init(_ status: HTTPResponse.Status) {
    self.status = status
    fields[.accessControlAllowOrigin] = "*"
    fields[field("X-Content-Type-Options")] = "nosniff"
  }

  /// A short text for people, in both languages.
  init(_ status: HTTPResponse.Status, _ text: LocalizedText) {
    self.init(status)
    fields[.contentType] = "text/plain; charset=utf-8"
    fields[.cacheControl] = "public, max-age=60"
    parts = [.bytes(Array("\(text.zh)\n\(text[.en])\n".utf8))]
  }

  /// What becomes of a GET or HEAD of a representation: conditions first, then ranges (RFC 9110 §13.2.2).
  init(_ representation: Representation, request: HTTPFields) {
    let tag = "\"\(representation.entityTag)\""
    var fields = HTTPFields()
    fields[.eTag] = tag
    fields[.lastModified] = representation.modified.httpDate
    fields[.cacheControl] = representation.caching.rawValue
    let canSeek = if case .file = representation.body { true } else { false }
    fields[.acceptRanges] = canSeek ? "bytes" : "none"
    fields[.accessControlExposeHeaders] =
      "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Last-Modified, Repr-Digest"
    if let digest = representation.digest { fields[field("Repr-Digest")] = "sha-256=:\(base64(digest.bytes)):" }
    if let names = representation.fileNames {
      fields[.contentDisposition] =
        "attachment; filename=\"\(names.plain)\"; filename*=UTF-8''\(percentEncoded(names.readable))"
    }
    if representation.mediaType.hasPrefix("text/html") {
      fields[field("Content-Security-Policy")] =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      fields[field("Referrer-Policy")] = "no-referrer"
    }

    let modified = representation.modified
    if let condition = request[.ifMatch], !Self.lists(condition, tag, isWeak: false) {
      self.init(.preconditionFailed)
    } else if request[.ifMatch] == nil, let date = request[.ifUnmodifiedSince].flatMap(Instant.at(httpDate:)),
      modified > date
    {
      self.init(.preconditionFailed)
    } else if let condition = request[.ifNoneMatch] {
      self.init(Self.lists(condition, tag, isWeak: true) ? .notModified : .ok)
    } else if let date = request[.ifModifiedSince].flatMap(Instant.at(httpDate:)), modified <= date {
      self.init(.notModified)
    } else {
      self.init(.ok)
    }
    for field in fields { self.fields.append(field) }
    guard status == .ok else { return }

    self.fields[.contentType] = representation.mediaType
    let isSame = request[.ifRange].map { $0 == tag || Instant.at(httpDate: $0) == modified } ?? true
    let ranges = ByteRanges(canSeek && isSame ? request[.range] : nil, byteCount: representation.byteCount)
    switch ranges {
    case .whole: parts = [.range(0..<representation.byteCount)]
    case .unsatisfiable:
      status = .rangeNotSatisfiable
      self.fields[.contentType] = nil
      self.fields[.contentRange] = "bytes */\(representation.byteCount)"
    case .parts(let list) where list.count == 1:
      status = .partialContent
      self.fields[.contentRange] = Self.contentRange(list[0], representation.byteCount)
      parts = [.range(list[0])]
    case .parts(let list):
      status = .partialContent
      let boundary = "daylight-\(representation.entityTag.prefix(24))"
      self.fields[.contentType] = "multipart/byteranges; boundary=\(boundary)"
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
      if isWeak && item.hasPrefix("W/") { item = item.dropFirst(2) }
      return item == "*" || item == tag
    }
  }
}

/// A header field that the library has no name for.
func field(_ name: String) -> HTTPField.Name {
  guard let name = HTTPField.Name(name) else { preconditionFailure("a plain token") }
  return name
}
