import Foundation

/// What a mail says, before it is text or HTML.
struct MailReport {
    struct Block {
        var title: String
        /// Left and right columns.
        var rows: [(String, String)]
    }

    var subject: String
    var headline: String
    var paragraphs: [String]
    var blocks: [Block]
    /// Commands that show more.
    var commands: [String]
    var footer: String

    var text: String {
        var lines = [headline, ""]
        for paragraph in paragraphs { lines += [paragraph, ""] }
        for block in blocks where !block.rows.isEmpty {
            let width = block.rows.map(\.0.count).max() ?? 0
            lines.append(block.title)
            lines += block.rows.map { "  \($0.0.padding(toLength: width, withPad: " ", startingAt: 0))  \($0.1)" }
            lines.append("")
        }
        if !commands.isEmpty { lines += ["Where to look"] + commands.map { "  \($0)" } + [""] }
        return (lines + ["-- ", footer]).joined(separator: "\n") + "\n"
    }

    /// Plain enough for every reader: no pictures, no scripts, nothing fetched.
    var html: String {
        var lines = [
            "<!DOCTYPE html>", "<html><head><meta charset=\"utf-8\"><title>\(Self.escaped(subject))</title></head>",
            "<body style=\"font-family:sans-serif;font-size:14px;color:#222\">", "<h2 style=\"font-size:17px\">\(Self.escaped(headline))</h2>",
        ]
        lines += paragraphs.map { "<p>\(Self.escaped($0))</p>" }
        for block in blocks where !block.rows.isEmpty {
            lines.append("<h3 style=\"font-size:14px;margin-bottom:4px\">\(Self.escaped(block.title))</h3>")
            lines.append("<table cellpadding=\"2\" style=\"border-collapse:collapse\">")
            lines += block.rows.map {
                "<tr><td style=\"padding-right:16px;color:#555\">\(Self.escaped($0.0))</td><td>\(Self.escaped($0.1))</td></tr>"
            }
            lines.append("</table>")
        }
        if !commands.isEmpty {
            lines.append("<h3 style=\"font-size:14px;margin-bottom:4px\">Where to look</h3>")
            lines.append("<pre style=\"background:#f4f4f4;padding:8px\">\(commands.map(Self.escaped).joined(separator: "\n"))</pre>")
        }
        lines += ["<p style=\"color:#777;font-size:12px\">\(Self.escaped(footer))</p>", "</body></html>"]
        return lines.joined(separator: "\n") + "\n"
    }

    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }
}
