public import Foundation

/// One e-mail to one address: a text, and the same as HTML.
public struct MailMessage: Sendable {
    public var from: String
    /// Shown before the address; may hold any character.
    public var fromName: String
    public var to: String
    public var subject: String
    public var text: String
    public var html: String
    /// Stable over repeats, without the angle brackets: "run.3.17.mail.1@connecthost.example".
    public var messageID: String
    public var date: Date

    public init(from: String, fromName: String, to: String, subject: String, text: String, html: String, messageID: String, date: Date) {
        self.from = from
        self.fromName = fromName
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.messageID = messageID
        self.date = date
    }

    /// In the order in which they are sent; no value holds a line break.
    public var headers: [String] {
        [
            "From: \(EncodedWord.text(fromName, after: 6, isPhrase: true)) <\(from)>", "To: <\(to)>",
            "Subject: \(EncodedWord.text(subject, after: 9))",
            "Date: \(Self.dateText(date))", "Message-ID: <\(messageID)>", "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All",
        ]
    }

    private static func dateText(_ date: Date) -> String {
        var parts = tm()
        var seconds = time_t(date.timeIntervalSince1970)
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let clock = [parts.tm_hour, parts.tm_min, parts.tm_sec].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return "\(days[Int(parts.tm_wday)]), \(parts.tm_mday) \(months[Int(parts.tm_mon)]) \(1900 + Int(parts.tm_year)) \(clock) +0000"
    }
}

/// Text in a header field (RFC 2047): plain ASCII as it is, everything else as encoded words of at most 75 characters.
public enum EncodedWord {
    /// - Parameters:
    ///   - column: how many characters stand before it on the line.
    ///   - isPhrase: it names somebody before an address, where marks such as commas have a meaning.
    public static func text(_ text: String, after column: Int, isPhrase: Bool = false) -> String {
        // A line break would begin another header field.
        let line = String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? " " : $0 }))
        let marks = isPhrase ? "=?<>()@,;:.\\\"[]" : ""
        let isPlain = line.unicodeScalars.allSatisfy { $0.value < 0x7F && !marks.unicodeScalars.contains($0) } && !line.contains("=?")
        if isPlain, line.count + column <= 75, !line.isEmpty { return line }
        var words: [String] = []
        var chunk: [UInt8] = []
        for character in line {
            let bytes = Array(character.utf8)
            // 45 bytes are 60 characters of Base64, and 12 stand around them.
            if chunk.count + bytes.count > (words.isEmpty ? max(9, 45 - column) : 45), !chunk.isEmpty {
                words.append(word(chunk))
                chunk = []
            }
            chunk += bytes
        }
        words.append(word(chunk))
        return words.joined(separator: "\r\n ")
    }

    private static func word(_ bytes: [UInt8]) -> String { "=?UTF-8?B?\(Data(bytes).base64EncodedString())?=" }
}
