package import Publication

/// A transfer did not go through.
package struct TransferError: Error, Sendable, CustomStringConvertible {
  package enum Code: Sendable, Equatable {
    /// The host, or where its name leads to, is not on the list.
    case hostNotAllowed(String), addressNotAllowed(String)
    case redirectNotAllowed(String), tooManyRedirects
    /// The server's answer; seconds that it asks to be left alone.
    case status(Int, retryAfter: Int?)
    case tooLarge(limit: Int)
    case timedOut, tooSlow
    case cutOff(received: Int, expected: Int?)
    case unreachable(String), notTrusted(String), failed(String)
  }

  package let code: Code
  /// Without query.
  package let address: String

  package init(_ code: Code, _ address: WebAddress) {
    self.code = code
    self.address = address.description
  }

  init(_ code: Code, subject: String) {
    self.code = code
    address = subject
  }

  /// The same with nothing shown of an address but its host: the path of a webhook is a secret.
  package func showingHostOnly(of address: WebAddress) -> TransferError {
    if case .redirectNotAllowed = code { return TransferError(.redirectNotAllowed("…"), subject: address.host) }
    return TransferError(code, subject: address.host)
  }

  /// Whether the same request may go through in a while, without anybody doing anything.
  package var isTransient: Bool {
    switch code {
    case .status(let status, _): [408, 425, 429, 500, 502, 503, 504].contains(status)
    case .timedOut, .tooSlow, .cutOff, .unreachable, .failed: true
    case .hostNotAllowed, .addressNotAllowed, .redirectNotAllowed, .tooManyRedirects, .tooLarge, .notTrusted: false
    }
  }

  /// Whether what was asked for breaks a rule of ours, so that only a person can change it.
  package var isRefusal: Bool {
    switch code {
    case .hostNotAllowed, .addressNotAllowed, .redirectNotAllowed, .tooManyRedirects, .tooLarge: true
    default: false
    }
  }

  package var retryAfter: Int? {
    if case .status(_, let seconds) = code { seconds } else { nil }
  }

  package var description: String { text[.en] }

  /// What is wrong and what to do, for people.
  package var text: LocalizedText {
    switch code {
    case .hostNotAllowed(let host):
      LocalizedText(
        zh: "\(address):主机 \(host) 不在允许名单内\n提示:核实后把它加入 site.yaml 的 source_hosts",
        en:
          "\(address): the host \(host) is not allowed\nhint: once it is known to be right, add it to source_hosts in site.yaml"
      )
    case .addressNotAllowed(let ip):
      LocalizedText(
        zh: "\(address):该主机名指向 \(ip),属于本机、链路本地或元数据地址,已拒绝连接\n提示:请核对域名解析;确有需要时把该地址本身加入 source_hosts",
        en: "\(address): its name leads to \(ip), an address of this machine, of the link or of a metadata service\n"
          + "hint: check the name server; where it is meant, add that very address to source_hosts")
    case .redirectNotAllowed(let target):
      LocalizedText(
        zh: "\(address):服务器要求转到 \(target),该地址不被允许\n提示:请与部门核实新地址,更正 source.url 或 source_hosts",
        en: "\(address): the server redirects to \(target), which is not allowed\n"
          + "hint: ask the department for the new address, and correct source.url or source_hosts")
    case .tooManyRedirects:
      LocalizedText(
        zh: "\(address):转向次数过多\n提示:请让部门检查该地址",
        en: "\(address): redirects without end\nhint: ask the department to look at this address")
    case .status(let status, _): statusText(status)
    case .tooLarge(let limit):
      LocalizedText(
        zh: "\(address):内容超过 \(limit) 字节的上限,已中止\n提示:请与部门核实;确实这么大时提高 site.yaml 的 transfer.max_bytes",
        en: "\(address): is larger than the limit of \(limit) bytes, and was stopped\n"
          + "hint: ask the department; where it is right, raise transfer.max_bytes in site.yaml")
    case .timedOut:
      LocalizedText(
        zh: "\(address):超时\n提示:稍后会重试;如持续发生,请联系部门检查服务器和网络",
        en:
          "\(address): timed out\nhint: it is worth another try; should it last, ask the department to look at server and network"
      )
    case .tooSlow:
      LocalizedText(
        zh: "\(address):传输过慢,已中止\n提示:稍后会从断点继续;如持续发生,请联系部门检查网络",
        en:
          "\(address): is too slow, and was stopped\nhint: the next try goes on from there; should it last, ask the department to look at the network"
      )
    case .cutOff(let received, let expected):
      LocalizedText(
        zh: "\(address):传输中断,只收到 \(received)\(expected.map { " / \($0)" } ?? "") 字节\n提示:稍后会从断点继续;如持续发生,请联系部门",
        en: "\(address): was cut off after \(received)\(expected.map { " of \($0)" } ?? "") bytes\n"
          + "hint: the next try goes on from there; should it last, ask the department")
    case .unreachable(let why):
      LocalizedText(
        zh: "\(address):无法连接(\(why))\n提示:请检查网络和域名解析,或联系部门",
        en: "\(address): cannot be reached (\(why))\nhint: check network and name server, or ask the department")
    case .notTrusted(let why):
      LocalizedText(
        zh: "\(address):服务器证书无法信任(\(why))\n提示:请让部门更换证书;内部证书机构请用 source.ca 指定,绝不跳过校验",
        en: "\(address): the server's certificate cannot be trusted (\(why))\n"
          + "hint: ask the department for a valid one; an authority of their own is named by source.ca; checking is never left out"
      )
    case .failed(let why):
      LocalizedText(
        zh: "\(address):传输失败(\(why))\n提示:稍后会重试;如持续发生,请联系部门检查服务器",
        en:
          "\(address): the transfer failed (\(why))\nhint: it is worth another try; should it last, ask the department to look at the server"
      )
    }
  }

  private func statusText(_ status: Int) -> LocalizedText {
    switch status {
    case 404, 410:
      LocalizedText(
        zh: "\(address):服务器上没有该文件(\(status))\n提示:请联系部门报送该文件,或更正 source.url",
        en: "\(address): is not there (\(status))\nhint: ask the department to deliver it, or correct source.url")
    case 401, 403, 407, 412:
      LocalizedText(
        zh: "\(address):服务器拒绝访问(\(status))\n提示:请向部门申请访问权限,或检查 source.client_certificate",
        en:
          "\(address): the server refuses access (\(status))\nhint: ask the department for access, or check source.client_certificate"
      )
    case 429:
      LocalizedText(
        zh: "\(address):请求过于频繁(429)\n提示:稍后会重试",
        en: "\(address): too many requests (429)\nhint: it is worth another try later")
    default:
      LocalizedText(
        zh: "\(address):服务器出错(\(status))\n提示:稍后会重试;如持续发生,请联系部门",
        en:
          "\(address): the server failed (\(status))\nhint: it is worth another try; should it last, ask the department"
      )
    }
  }
}
