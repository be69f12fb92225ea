internal import Publication
internal import CCurl
internal import Hashing

/// A server that mail is handed to.
package struct MailServer: Sendable {
  /// `smtp://host:port` or `smtps://host:port`.
  private let address: String

  /// Nil for anything else.
  package init?(_ text: String) {
    guard text.beginsWith("smtp://") || text.beginsWith("smtps://"),
      WebAddress("http" + text.drop { $0 != ":" }) != nil, text.pathParts.count(where: { !$0.isEmpty }) == 2
    else { return nil }
    address = text
  }

  /// A message in plain text.
  package struct Message: Sendable {
    package let from: String
    package let to: [String]
    package let subject: String
    package let body: String
    /// `Tue, 24 Nov 2026 06:00:00 +0000`.
    package let date: String
    /// Tells this message from any other: `<…@…>`.
    package let id: String

    package init(from: String, to: [String], subject: String, body: String, date: String, id: String) {
      self.from = from
      self.to = to
      self.subject = subject
      self.body = body
      self.date = date
      self.id = id
    }

    /// RFC 5322, with subject (RFC 2047) and body in Base64 of their UTF-8.
    var bytes: [UInt8] {
      // An encoded word holds at most 75 characters: 45 bytes of text at most, cut between characters.
      var words: [[UInt8]] = [[]]
      for character in subject {
        if words[words.count - 1].count + character.utf8.count > 42 { words.append([]) }
        words[words.count - 1].append(contentsOf: character.utf8)
      }
      let encodedSubject = words.map { "=?utf-8?B?\(base64($0))?=" }.joined(separator: "\r\n ")
      var lines = [
        "From: <\(from)>", "To: \(to.map { "<\($0)>" }.joined(separator: ", "))", "Subject: \(encodedSubject)",
        "Date: \(date)",
        "Message-ID: \(id)", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64", "Auto-Submitted: auto-generated", "",
      ]
      let encoded = Array(base64(Array(body.utf8)).utf8)
      for start in stride(from: 0, to: encoded.count, by: 76) {
        lines.append(String(decoding: encoded[start..<min(start + 76, encoded.count)], as: UTF8.self))
      }
      return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }
  }

  /// Hands a message over; blocks its thread for 30 seconds at most.
  ///
  /// STARTTLS is used where the server offers it, and required where a password would be sent.
  package func send(_ message: Message, user: String?, password: String?, authorityFile: String?) throws {
    guard let handle = curl_easy_init() else { preconditionFailure("libcurl cannot be started") }
    defer { curl_easy_cleanup(handle) }
    func set(_ option: CURLoption, _ value: String) { _ = daylight_curl_set_string(handle, option, value) }
    func set(_ option: CURLoption, _ value: Int) { _ = daylight_curl_set_long(handle, option, value) }
    set(CURLOPT_URL, address)
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps")
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_CONNECTTIMEOUT, 15)
    set(CURLOPT_TIMEOUT, 30)
    set(CURLOPT_PROXY, "")
    // CURLUSESSL_TRY, CURLUSESSL_ALL
    set(CURLOPT_USE_SSL, password == nil ? 1 : 3)
    if let authorityFile { set(CURLOPT_CAINFO, authorityFile) }
    if let user { set(CURLOPT_USERNAME, user) }
    if let password { set(CURLOPT_PASSWORD, password) }
    set(CURLOPT_MAIL_FROM, "<\(message.from)>")
    var recipients: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(recipients) }
    for recipient in message.to { recipients = curl_slist_append(recipients, "<\(recipient)>") }
    _ = daylight_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients)
    set(CURLOPT_UPLOAD, 1)
    let upload = Upload(message.bytes)
    _ = daylight_curl_set_pointer(handle, CURLOPT_READDATA, Unmanaged.passUnretained(upload).toOpaque())
    _ = daylight_curl_set_data(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let chunk = Unmanaged<Upload>.fromOpaque(context).takeUnretainedValue().next(size * count)
      UnsafeMutableRawPointer(bytes).copyMemory(from: Array(chunk), byteCount: chunk.count)
      return chunk.count
    }
    let result = withExtendedLifetime(upload) { curl_easy_perform(handle) }
    guard result == CURLE_OK else {
      throw TransferError(.failed(String(cString: curl_easy_strerror(result))), subject: address)
    }
  }

  private final class Upload {
    private var rest: ArraySlice<UInt8>
    init(_ bytes: [UInt8]) { rest = bytes[...] }
    func next(_ count: Int) -> ArraySlice<UInt8> {
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
  }
}
