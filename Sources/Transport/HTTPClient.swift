internal import Publication
internal import CCurl
internal import Glibc

/// What a server answered.
package struct HTTPResponse: Sendable {
  package let status: Int
  /// Names in lower case.
  private let fields: [String: String]

  init(status: Int, fields: [String: String]) {
    self.status = status
    self.fields = fields
  }

  /// A header field; nil where it was not sent.
  package subscript(_ name: String) -> String? { fields[name.lowercased()] }

  /// Whether the body was sent encoded, so that its bytes have no fixed place in the transfer.
  package var isEncoded: Bool { self["content-encoding"].map { $0.lowercased() != "identity" } ?? false }

  /// The first byte and the whole length that a 206 says it gives.
  package var contentRange: (start: Int, length: Int?)? {
    guard let text = self["content-range"], text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(whereSeparator: { $0 == "-" || $0 == "/" })
    guard parts.count == 3, let start = Int(parts[0]) else { return nil }
    return (start, Int(parts[2]))
  }
}

/// One request.
package struct HTTPRequest: Sendable {
  package var address: WebAddress
  package var fields: [(name: String, value: String)] = []
  /// Sent by POST; nil for GET.
  package var body: [UInt8]?

  /// A part only where one was asked for, "not modified" only where something is held; anything good after a POST.
  fileprivate func accepts(_ status: Int) -> Bool {
    func has(_ name: String) -> Bool { fields.contains { $0.name == name } }
    if body != nil { return (200..<300).contains(status) }
    switch status {
    case 200: return true
    case 206: return has("Range")
    case 304: return has("If-None-Match") || has("If-Modified-Since")
    default: return false
    }
  }

  package init(_ address: WebAddress, fields: [(name: String, value: String)] = [], body: [UInt8]? = nil) {
    self.address = address
    self.fields = fields
    self.body = body
  }
}

/// Takes the body of a 200 or 206.
package protocol BodySink: AnyObject {
  /// Called once, before the first byte.
  func begin(_ response: HTTPResponse) throws
  func receive(_ bytes: [UInt8]) throws
}

/// Speaks HTTP over libcurl, one request at a time; connections are kept from one to the next.
///
/// Blocks its thread.
///
/// - Source: https://curl.se/libcurl/c/
package final class HTTPClient {
  private let handle: UnsafeMutableRawPointer
  /// Of the next request.
  package var settings: TransferSettings

  private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  package init(_ settings: TransferSettings) {
    guard Self.isReady, let handle = curl_easy_init() else { preconditionFailure("libcurl cannot be started") }
    self.handle = handle
    self.settings = settings
  }

  deinit { curl_easy_cleanup(handle) }

  /// Sends a request, follows redirects where they may lead, and gives the last answer.
  ///
  /// - Throws: `TransferError`, also for an answer that was not asked for; and what the sink throws.
  package func send(_ request: HTTPRequest, into sink: any BodySink) throws -> HTTPResponse {
    var request = request
    for _ in 0...settings.redirectLimit {
      guard settings.hosts.allows(request.address) else {
        throw TransferError(.hostNotAllowed("\(request.address.host):\(request.address.port)"), request.address)
      }
      let (response, target) = try perform(request, sink)
      guard [301, 302, 303, 307, 308].contains(response.status) else {
        guard request.accepts(response.status) else {
          throw TransferError(.status(response.status, retryAfter: retryAfter(response)), request.address)
        }
        return response
      }
      guard request.body == nil, let target, let next = WebAddress(target), settings.hosts.allows(next),
        !(request.address.scheme == "https" && next.scheme == "http")
      else {
        let shown = target.map { WebAddress($0)?.description ?? WebAddress.shown($0) } ?? "?"
        throw TransferError(.redirectNotAllowed(shown), request.address)
      }
      request.address = next
    }
    throw TransferError(.tooManyRedirects, request.address)
  }

  private func perform(_ request: HTTPRequest, _ sink: any BodySink) throws -> (HTTPResponse, redirect: String?) {
    curl_easy_reset(handle)
    let exchange = Exchange(sink: sink, settings: settings, port: request.address.port)
    let context = Unmanaged.passUnretained(exchange).toOpaque()
    set(CURLOPT_URL, request.address.text)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_USERAGENT, "daylight/0.1")
    // Asks for the bytes as they are, and decodes what is sent encoded all the same.
    if settings.decodes { set(CURLOPT_ACCEPT_ENCODING, "identity") }
    set(CURLOPT_CONNECTTIMEOUT, settings.connectTimeout)
    set(CURLOPT_TIMEOUT, settings.totalTimeout)
    set(CURLOPT_LOW_SPEED_LIMIT, settings.minimumRate)
    set(CURLOPT_LOW_SPEED_TIME, settings.stallTimeout)
    _ = daylight_curl_set_offset(handle, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(settings.byteLimit))
    if let rate = settings.maximumRate {
      _ = daylight_curl_set_offset(handle, CURLOPT_MAX_RECV_SPEED_LARGE, curl_off_t(rate))
    }
    // An empty text also keeps the environment's proxies out.
    set(CURLOPT_PROXY, settings.proxy ?? "")
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    if let file = settings.authorityFile {
      set(CURLOPT_CAINFO, file)
      set(CURLOPT_CAPATH, "/nonexistent")
    }
    if let file = settings.certificateFile { set(CURLOPT_SSLCERT, file) }
    if let file = settings.keyFile { set(CURLOPT_SSLKEY, file) }
    var list: UnsafeMutablePointer<curl_slist>?
    defer { curl_slist_free_all(list) }
    for field in request.fields { list = curl_slist_append(list, "\(field.name): \(field.value)") }
    if let body = request.body {
      list = curl_slist_append(list, "Expect:")
      set(CURLOPT_POST, 1)
      _ = daylight_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
      let bytes = body.map { CChar(bitPattern: $0) } + [0]
      _ = bytes.withUnsafeBufferPointer { daylight_curl_set_string(handle, CURLOPT_COPYPOSTFIELDS, $0.baseAddress) }
    }
    _ = daylight_curl_set_list(handle, CURLOPT_HTTPHEADER, list)
    _ = daylight_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
    _ = daylight_curl_set_data(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let chunk = [UInt8](UnsafeRawBufferPointer(start: bytes, count: size * count))
      return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().receive(chunk) ? size * count : 0
    }
    _ = daylight_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
    _ = daylight_curl_set_data(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      guard let bytes, let context else { return 0 }
      let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: size * count), as: UTF8.self)
      return Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue().receiveHeader(line) ? size * count : 0
    }
    _ = daylight_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
    _ = daylight_curl_set_socket(handle) { context, _, address in
      guard let context, let address else { return CURL_SOCKET_BAD }
      let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
      guard exchange.allows(address) else { return CURL_SOCKET_BAD }
      return socket(
        address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
    }
    var message = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE) + 1)
    let result = message.withUnsafeMutableBufferPointer { buffer -> CURLcode in
      _ = daylight_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, buffer.baseAddress)
      let result = curl_easy_perform(handle)
      _ = daylight_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, nil)
      return result
    }
    let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try exchange.check(result, text, request.address)
    var target: UnsafeMutablePointer<CChar>?
    _ = daylight_curl_get_string(handle, CURLINFO_REDIRECT_URL, &target)
    return (exchange.response, target.map { String(cString: $0) })
  }

  private func set(_ option: CURLoption, _ value: String) { _ = daylight_curl_set_string(handle, option, value) }
  private func set(_ option: CURLoption, _ value: Int) { _ = daylight_curl_set_long(handle, option, value) }

  /// Seconds; a date counts as a minute.
  private func retryAfter(_ response: HTTPResponse) -> Int? {
    response["retry-after"].map { max(0, Int($0.filter { $0 != " " }) ?? 60) }
  }
}

/// What libcurl tells while one request is on its way.
private final class Exchange {
  private let sink: any BodySink
  private let settings: TransferSettings
  private let port: Int
  private var fields: [String: String] = [:]
  private var headerByteCount = 0
  private var status = 0
  private var hasBegun = false
  private var byteCount = 0
  private var failure: (any Error)?
  private var refusedAddress: String?
  private var isTooLarge = false

  init(sink: any BodySink, settings: TransferSettings, port: Int) {
    self.sink = sink
    self.settings = settings
    self.port = port
  }

  var response: HTTPResponse { HTTPResponse(status: status, fields: fields) }

  /// - Returns: false where it is too much.
  func receiveHeader(_ line: String) -> Bool {
    headerByteCount += line.utf8.count
    guard headerByteCount <= 64 << 10 else { return false }
    if line.beginsWith("HTTP/") {
      fields = [:]
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      fields[line[..<colon].lowercased()] = String(value.prefix { !$0.isNewline })
    }
    return true
  }

  func receive(_ bytes: [UInt8]) -> Bool {
    byteCount += bytes.count
    guard status == 200 || status == 206 else { return byteCount <= 1 << 20 }
    isTooLarge = byteCount > settings.byteLimit
    guard !isTooLarge else { return false }
    do {
      try begin()
      try sink.receive(bytes)
      return true
    } catch {
      failure = error
      return false
    }
  }

  private func begin() throws {
    guard !hasBegun else { return }
    hasBegun = true
    try sink.begin(response)
  }

  /// Whether the connection may be made, to the very address that the name led to.
  func allows(_ address: UnsafeMutablePointer<curl_sockaddr>) -> Bool {
    // Through a proxy the connection goes to the proxy, which the officer named.
    guard settings.proxy == nil else { return true }
    let family = address.pointee.family
    let ip: SocketAddress? = withUnsafeBytes(of: &address.pointee.addr) { bytes in
      // sockaddr_in holds the address from its fifth byte on, sockaddr_in6 from its ninth.
      let raw = UnsafeRawBufferPointer(start: bytes.baseAddress, count: Int(address.pointee.addrlen))
      if family == AF_INET, raw.count >= 8 { return SocketAddress(Array(raw[4..<8])) }
      if family == AF_INET6, raw.count >= 24 { return SocketAddress(Array(raw[8..<24])) }
      return nil
    }
    guard let ip, settings.hosts.allows(ip, port: port) else {
      refusedAddress = ip?.text ?? "?"
      return false
    }
    return true
  }

  /// Throws what went wrong, in our own words.
  func check(_ result: CURLcode, _ message: String, _ address: WebAddress) throws {
    if let failure { throw failure }
    if let refusedAddress { throw TransferError(.addressNotAllowed(refusedAddress), address) }
    if isTooLarge || result == CURLE_FILESIZE_EXCEEDED {
      throw TransferError(.tooLarge(limit: settings.byteLimit), address)
    }
    switch result {
    case CURLE_OK:
      if status == 200 || status == 206 { try begin() }
    case CURLE_WRITE_ERROR where status >= 300:
      return
    case CURLE_OPERATION_TIMEDOUT:
      throw TransferError(message.contains("too slow") ? .tooSlow : .timedOut, address)
    case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM, CURLE_HTTP2:
      throw TransferError(.cutOff(received: byteCount, expected: fields["content-length"].flatMap { Int($0) }), address)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SEND_ERROR:
      throw TransferError(.unreachable(message), address)
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CIPHER:
      throw TransferError(.notTrusted(message), address)
    default:
      throw TransferError(.failed(message.isEmpty ? String(cString: curl_easy_strerror(result)) : message), address)
    }
  }
}
