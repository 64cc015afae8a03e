import ConnectTesting
import Foundation
import Testing

/// What an export writes an import reads back, row for row: every compression with and without encryption, character sets, delimiters, enclosures and line
/// ends drawn at random, over random values that hold delimiters, enclosures and line ends. `ROUND_TRIPS` sets how many (make soak: 500), `ROUND_TRIP_SEED`
/// repeats one.
@Suite(.waits) struct RoundTripTests {
    private static let rounds = ProcessInfo.processInfo.environment["ROUND_TRIPS"].flatMap(Int.init) ?? 6

    /// A list whose values every one of some character sets holds.
    private struct Repertoire {
        let list: String
        let letters: [String]
        let charsets: [String]

        static let all = [
            Repertoire(
                list: "LATIN", letters: ["a", "Z", "ä", "é", "ß", "ø", " ", "?", "="],
                charsets: ["UTF-8", "ISO-8859-1", "windows-1252", "ISO-8859-15", "UTF-16", "IBM850"]),
            Repertoire(
                list: "WIDE", letters: ["a", "é", "Ж", "語", "😀", "𝄞", " ", "\u{FEFF}", "\u{2028}"],
                charsets: ["UTF-8", "UTF-16LE", "UTF-16BE", "UTF-32", "GB18030"]),
            Repertoire(
                list: "JAPAN", letters: ["a", "カ", "語", "ﾈ", "表", " "], charsets: ["Shift_JIS", "Windows-31J", "EUC-JP", "UTF-8"]),
        ]
    }

    private struct Trip {
        var repertoire: Repertoire
        var charset: String
        var delimiter: String
        var enclosure: String
        var lineEnd: String
        var enclose: String
        var compression: String
        var isEncrypted: Bool
        var hasHeader: Bool

        /// The compressions and encryptions in turn, the rest at random.
        init(_ number: Int, _ random: inout SeededNumbers) {
            let repertoire = Repertoire.all[number % 3]
            self.repertoire = repertoire
            compression = ["none", "gzip", "zip"][number / 2 % 3]
            isEncrypted = number % 2 == 0
            charset = repertoire.charsets.randomElement(using: &random) ?? "UTF-8"
            delimiter = [",", ";", "tab", "|", "~"].filter { $0 != "~" || repertoire.list != "JAPAN" }.randomElement(using: &random) ?? ","
            enclosure = ["double", "double", "single", "none"].randomElement(using: &random) ?? "double"
            lineEnd = ["lf", "crlf", "cr"].randomElement(using: &random) ?? "lf"
            enclose = ["needed", "text", "all"].randomElement(using: &random) ?? "needed"
            hasHeader = Bool.random(using: &random)
        }

        /// Without an enclosure no value may hold what divides fields and records.
        var columns: [String] { ["EMAIL_ADDRESS_", "PLAIN"] + (enclosure == "none" ? [] : ["MARKED"]) }

        func jobs(_ number: Int) -> String {
            let form =
                "charset: \(charset), delimiter: \"\(delimiter)\", enclosure: \(enclosure), header: \(hasHeader), compression: \(compression), encryption: \(isEncrypted ? "pgp" : "none")"
            let keys = isEncrypted ? ", recipients: [us@example.com], sign_with: us@example.com" : ""
            let names = hasHeader ? "" : "\n    mapping: { columns: [\(columns.joined(separator: ", "))] }"
            return """
                  - name: out\(number)
                    kind: export
                    source: { type: list, name: \(repertoire.list), columns: [\(columns.joined(separator: ", "))] }
                    file: { name: trip\(number).csv, \(form)\(keys), enclose: \(enclose), line_end: \(lineEnd) }
                  - name: in\(number)
                    kind: import-list
                    file: { directory: download, name: "*_trip\(number).csv*", \(form) }
                    target: { list: COPY\(number) }\(names)

                """
        }
    }

    private static let list = "fields: { PLAIN: STR4000, MARKED: STR4000 }"

    private func value(_ pieces: [String], _ random: inout SeededNumbers) -> String {
        // Never empty, and no blank at an end.
        "v" + (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random) ?? "" }.joined() + "v"
    }

    private func fill(_ repertoire: Repertoire, _ host: Installation, _ random: inout SeededNumbers) throws {
        let marks = [",", ";", "\t", "|", "\"", "'", "\"\"", "\n", "\r", "\r\n"]
        var text = "EMAIL_ADDRESS_,PLAIN,MARKED\n"
        for number in 0..<150 {
            let values = [value(repertoire.letters, &random), value(repertoire.letters + marks, &random)]
            text += "p\(number)@example.com," + values.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",") + "\n"
        }
        try host.put("\(repertoire.list).csv", text)
        try host.expectSuccess("jobs", "run", repertoire.list)
    }

    @Test("EXP-4, EXP-5: export, then import with the same settings, equals the original, row for row, whatever the form, compression and encryption")
    func equalsTheOriginal() throws {
        let seed = ProcessInfo.processInfo.environment["ROUND_TRIP_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)
        var random = SeededNumbers(seed: seed)
        let host = try Installation()
        try host.expectSuccess("keys", "generate", "Host", "--email", "us@example.com", "--type", "ed25519")
        let trips = (0..<Self.rounds).map { Trip($0, &random) }
        try host.apply(
            "lists:\n" + Repertoire.all.map { "  - { name: \($0.list), \(Self.list) }\n" }.joined()
                + trips.indices.map { "  - { name: COPY\($0), \(Self.list) }\n" }.joined()
                + "jobs:\n"
                + Repertoire.all.map { "  - { name: \($0.list), kind: import-list, file: { name: \($0.list).csv }, target: { list: \($0.list) } }\n" }
                .joined()
                + trips.enumerated().map { $0.element.jobs($0.offset) }.joined())
        for repertoire in Repertoire.all { try fill(repertoire, host, &random) }
        for (number, trip) in trips.enumerated() {
            let out = try host.json("jobs", "run", "out\(number)")
            try #require(out["status"].string == "succeeded", "seed \(seed), \(trip): \(out["error"]["message"].string ?? "")")
            #expect(out["export"]["replaced_characters"].int ?? 0 == 0, "seed \(seed), \(trip)")
            let run = try host.json("jobs", "run", "in\(number)")
            try #require(run["status"].string == "succeeded", "seed \(seed), \(trip): \(run["error"]["message"].string ?? "")")
            #expect(run["records"]["rejected"].int == 0, "seed \(seed), \(trip)")
            let fields = trip.columns.joined(separator: ",")
            let (original, copy) = (try host.rows(trip.repertoire.list, fields), try host.rows("COPY\(number)", fields))
            #expect(original.count == 150 && copy == original, "seed \(seed), \(trip): \(Set(original).symmetricDifference(copy).sorted().prefix(2))")
        }
    }
}

/// SplitMix64: a failing round can be repeated from its seed.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
