import Foundation
import Testing

@testable import RunEngine

/// Names of a feed's files by themselves.
@Suite struct FeedFileNameTests {
    private static func moment(_ text: String) throws -> Date { try Date(text, strategy: .iso8601) }

    private func next(_ pattern: String, _ zone: String = "UTC", now: String, after last: String?) throws -> String {
        let name = FeedFileName(pattern, zone: TimeZone(identifier: zone))
        return name.path(at: name.moment(from: try Self.moment(now), after: last))
    }

    @Test(
        "EVT-4: a name is that of the moment, or a second after the last one of its form",
        arguments: [
            (nil, "in/1_SENT_20250301_120000.txt"), ("in/1_SENT_20250301_115959.txt", "in/1_SENT_20250301_120000.txt"),
            ("in/1_SENT_20250301_120000.txt", "in/1_SENT_20250301_120001.txt"), ("in/1_SENT_20260228_235959.txt", "in/1_SENT_20260301_000000.txt"),
            // Of another directory, account, type, extension, or no name of a feed at all.
            ("out/1_SENT_20260301_120000.txt", "in/1_SENT_20250301_120000.txt"), ("in/2_SENT_20260301_120000.txt", "in/1_SENT_20250301_120000.txt"),
            ("in/1_OPEN_20260301_120000.txt", "in/1_SENT_20250301_120000.txt"), ("in/1_SENT_20260301_120000.zip", "in/1_SENT_20250301_120000.txt"),
            ("in/1_SENT_2026030x_120000.txt", "in/1_SENT_20250301_120000.txt"), ("", "in/1_SENT_20250301_120000.txt"),
        ] as [(String?, String)])
    func later(_ last: String?, _ expected: String) throws {
        #expect(try next("in/1_SENT_{YYYYMMDD}_{HHMMSS}.txt", now: "2025-03-01T12:00:00Z", after: last) == expected)
    }

    @Test("EVT-4: names grow through the hour that comes twice, and whichever of date and time stands first")
    func clocksSetBack() throws {
        #expect(try next("{YYYYMMDD}{HHMMSS}", "Europe/Berlin", now: "2025-10-26T01:10:00Z", after: "20251026025000") == "20251026025001")
        #expect(try next("{HHMMSS}-{YYYYMMDD}", now: "2025-03-02T00:00:00Z", after: "235959-20250301") == "000000-20250302")
    }

    @Test(
        "EVT-4: a pattern has date and time once each",
        arguments: [
            ("{YYYYMMDD}_{HHMMSS}", true), ("a", false), ("{YYYYMMDD}", false), ("{HHMMSS}", false), ("{YYYYMMDD}{HHMMSS}{HHMMSS}", false),
        ])
    func timed(_ pattern: String, _ isTimed: Bool) { #expect(FeedFileName.isTimed(pattern) == isTimed) }
}
