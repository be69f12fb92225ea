internal import Tabular

/// Calls for the address of each document or picture in a text: what is in it nobody has looked at.
///
/// Pages of the web are none: what they say is published there already.
/// - Source: privacy.md §4, case 13.
package func forEachLinkedFile(in text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
  var index = 0
  var last = 0
  while index < text.count {
    guard text[index] == UInt8(ascii: "."), let end = endOfExtension(text, index + 1) else {
      index += 1
      continue
    }
    var start = index
    var isPath = false
    while start > max(last, index - longestAddress), isPartOfAddress(text[start - 1]) {
      start -= 1
      isPath = isPath || text[start] == UInt8(ascii: "/") || text[start] == UInt8(ascii: "\\")
    }
    if isPath {
      body(start..<end)
      last = end
    }
    index = end
  }
}

/// No address is longer, and a text of nothing but endings takes no time for it.
private let longestAddress = 2_048

private func isPartOfAddress(_ byte: UInt8) -> Bool {
  byte > 0x20 && !",;\"'<>|".utf8.contains(byte)
}

/// Where the ending of a document's name ends that begins at a place.
private func endOfExtension(_ text: Span<UInt8>, _ start: Int) -> Int? {
  var end = start
  while end < text.count, end - start < 6, isAlphanumeric(text[end]) { end += 1 }
  guard end == text.count || !isAlphanumeric(text[end]) else { return nil }
  let lower = (start..<end).map { text[$0] | 0x20 }
  return documentEndings.contains(lower) ? end : nil
}

private let documentEndings = Set(
  "pdf doc docx xls xlsx xlsm et wps ppt pptx dps odt ods csv rtf ofd zip rar 7z tar gz jpg jpeg png bmp gif tif tiff heic mp3 wav amr mp4 avi mov dwg"
    .split(separator: " ").map { $0.utf8.map { $0 | 0x20 } })
