import ConnectModel
import Testing

@testable import GnuPG

/// What is made of GnuPG's reports, in whatever order and number their lines come.
struct VerdictTests {
    private static let words: [(line: String, isGood: Bool)] = [
        ("ENC_TO 1122334455667788 18 0", true), ("DECRYPTION_KEY AA AA u", true), ("BEGIN_DECRYPTION", true), ("DECRYPTION_INFO 2 9 0", true),
        ("PLAINTEXT 62 0 a.csv", true),
        ("DECRYPTION_OKAY", true), ("GOODMDC", true), ("END_DECRYPTION", true), ("NEWSIG", true), ("GOODSIG 88 Partner", true),
        ("VALIDSIG FFFF 2026-01-01 0 0 4 0 1 10 00 FFFF", true),
        ("DECRYPTION_FAILED", false), ("BADMDC", false), ("BADSIG 88 Partner", false), ("ERRSIG 88 1 10 00 0 9 FFFF", false),
        ("EXPKEYSIG 88 Partner", false),
        ("REVKEYSIG 88 Partner", false), ("EXPSIG 88 Partner", false), ("PLAINTEXT 62 0 b.csv", false), ("DECRYPTION_INFO 0 2 0", false),
        ("NEED_PASSPHRASE_SYM 9 3 2", false),
    ]

    @Test("T04, T27: a report is good with every word that it takes, no word against it, and exit code 0; with anything else it is not")
    func anyReport() {
        let verdict = DecryptionVerdict(keys: [], rule: .required(by: ["FFFF"])) { _ in false }
        var random = SystemRandomNumberGenerator()
        var good = 0
        for number in 0..<1000 {
            // Mostly whole reports with one thing wrong, which is where a rule would be missing.
            var chosen = Self.words.filter(\.isGood)
            let left = number % 3 == 0 ? Int.random(in: chosen.indices, using: &random) : nil
            if let left { chosen.remove(at: left) }
            if left == nil, number % 4 == 1 { chosen.append(Self.words.filter { !$0.isGood }.randomElement(using: &random) ?? chosen[0]) }
            var report = StatusReport()
            for word in chosen { _ = report.take("[GNUPG:] " + word.line) }
            report.exitCode = number % 5 == 2 ? 2 : 0
            let isGood = chosen.allSatisfy(\.isGood) && report.exitCode == 0
            // Words that only say more of what the others say already.
            let mayLack =
                left.map {
                    ["ENC_TO", "DECRYPTION_INFO", "GOODMDC", "END_DECRYPTION", "NEWSIG"].contains(String(Self.words[$0].line.prefix { $0 != " " }))
                } ?? true
            let passes = (try? verdict.judge(report)) != nil
            #expect(passes == (isGood && mayLack), "\(chosen.map(\.line)), exit code \(report.exitCode)")
            if passes { good += 1 }
        }
        #expect(good > 30)
    }

    @Test(
        "T27: a passphrase is what is wrong where nothing of ours opens the message, or it is whole; else it is the damage",
        arguments: [
            (["ENC_TO 11 18 0", "NEED_PASSPHRASE_SYM 9 3 2", "BEGIN_DECRYPTION", "DECRYPTION_FAILED"], "pgp.symmetric"),
            (["DECRYPTION_KEY AA AA u", "BEGIN_DECRYPTION", "PLAINTEXT 62 0 a", "DECRYPTION_OKAY", "NEED_PASSPHRASE_SYM 9 3 2"], "pgp.symmetric"),
            (["DECRYPTION_KEY AA AA u", "BEGIN_DECRYPTION", "PLAINTEXT 62 0 a", "NEED_PASSPHRASE_SYM 9 3 2", "BADMDC"], "pgp.damaged"),
        ])
    func passphrase(_ lines: [String], _ code: String) {
        var report = StatusReport()
        for line in lines { _ = report.take("[GNUPG:] " + line) }
        let error = #expect(throws: ConnectError.self) { try DecryptionVerdict(keys: [], rule: .ignored) { _ in false }.judge(report) }
        #expect(error?.code == code)
    }

    @Test("T04: lines that are no report are passed over, and any number of them takes no memory without end")
    func anyLines() {
        var random = SystemRandomNumberGenerator()
        var report = StatusReport()
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 0...40, using: &random)).map { _ in Character(Unicode.Scalar(UInt8.random(in: 0...255, using: &random))) }
            _ = report.take((Bool.random(using: &random) ? "[GNUPG:] " : "") + String(text))
            report.heard((0..<Int.random(in: 0...40, using: &random)).map { _ in .random(in: 0...255, using: &random) })
        }
        for _ in 0..<11_000 { _ = report.take("[GNUPG:] NOTATION_DATA x") }
        #expect(report.lines.count <= 10_000 && report.lastWords.count <= 2048)
        #expect(throws: ConnectError.self) { try DecryptionVerdict(keys: [], rule: .ignored) { _ in false }.judge(report) }
    }
}
