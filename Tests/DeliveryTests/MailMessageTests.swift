import Delivery
import Foundation
import Testing

@Suite struct MailMessageTests {
    private func headers(_ subject: String, name: String = "ConnectHost") -> [String] {
        MailMessage(
            from: "host@example.com", fromName: name, to: "ann@example.com", subject: subject, text: "", html: "", messageID: "a.1@b",
            date: Date(timeIntervalSince1970: 1_767_225_600)
        ).headers
    }

    @Test("ACT-1: plain subjects stay as they are, dates are in the form of mail")
    func plain() {
        #expect(headers("Contacts: run 3.17 failed, again").contains("Subject: Contacts: run 3.17 failed, again"))
        #expect(headers("=?UTF-8?B?eA==?=").contains("Subject: =?UTF-8?B?PT9VVEYtOD9CP2VBPT0/PQ==?="))
        #expect(headers("x").contains("Date: Thu, 1 Jan 2026 00:00:00 +0000"))
        #expect(headers("x").contains("Message-ID: <a.1@b>"))
    }

    @Test("ACT-1: other characters become encoded words of at most 75 characters that give the text back")
    func encoded() throws {
        let subject = "Übernächtliche Kunden 顧客データ 🙂 " + String(repeating: "äöü", count: 40)
        let header = try #require(headers(subject).first { $0.hasPrefix("Subject: ") })
        let lines = header.components(separatedBy: "\r\n")
        #expect(lines.allSatisfy { $0.count <= 76 && $0.unicodeScalars.allSatisfy(\.isASCII) })
        let words = header.dropFirst(9).components(separatedBy: "\r\n ")
        let decoded = words.map { word -> String in
            #expect(word.hasPrefix("=?UTF-8?B?") && word.hasSuffix("?="))
            return String(decoding: Data(base64Encoded: String(word.dropFirst(10).dropLast(2))) ?? Data(), as: UTF8.self)
        }
        #expect(decoded.joined() == subject)
    }

    @Test(
        "ACT-1: a subject cannot begin another header field", arguments: ["a\r\nBcc: eve@example.com", "a\nBcc: eve@example.com", "a\rb", "a\u{0}b"])
    func injection(_ subject: String) {
        for header in headers(subject, name: subject) {
            let folded = header.replacingOccurrences(of: "\r\n ", with: "")
            #expect(!folded.contains("\r") && !folded.contains("\n"))
        }
    }
}
