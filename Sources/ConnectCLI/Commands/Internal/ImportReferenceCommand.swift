import ArgumentParser
import ConnectModel
import RecordEngine

/// Prints the guide of rejects, from the reasons and examples of the code; `make docs` keeps Docs/imports.md equal to it.
struct ImportReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-reference", abstract: "Print the guide of rejected records.", shouldDisplay: false)

    func run() throws {
        print(
            """
            # Rejected records

            A record that cannot be loaded costs itself only: the others are loaded, unless the job says that so many are too many
            (`limits.max_rejected_percent`). Each is kept with its line, the reason, the field and its text; `connecthost runs rejects RUN` prints them
            as CSV. Of a record that breaks several rules the first reason counts. Codes are stable.

            This page is printed by `connecthost import-reference` from the code that checks records.

            | code | meaning | example | because |
            |---|---|---|---|
            """)
        for reason in RejectReason.allCases {
            let example = RejectExample.all.first { $0.reason == reason }
            print(
                "| `\(reason.rawValue)` | \(reason.sentence) | \(example.map { "`\(Self.text($0.record))`" } ?? "") | \(example.map { Self.sentence($0.because) } ?? "") |"
            )
        }
        print(
            """

            Examples are lines of a file of UTF-8 with commas and double quotes; `\\x00` stands for the byte 00. Where more is shown as `…`, the line goes on.
            Of rows that a source gave, the line is the row's number in the order of reading, and the text its values as a line of CSV.
            """)
    }

    /// On one line and short, whatever is in it.
    static func text(_ record: [UInt8]) -> String {
        let shown = record.prefix(60).map { byte in
            (0x20..<0x7F).contains(byte) && byte != 0x60 && byte != 0x7C
                ? String(UnicodeScalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        return record.count > 60 ? shown + "…" : shown
    }

    private static func sentence(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() + "." }
}
