import ConnectModel
import ConnectTesting
import Foundation
import Testing

/// T30, T33: the calculator beside Python's zoneinfo, for all zones, all transition days of 2024 to 2030 and every form of schedule.
@Suite struct ScheduleZoneTests {
    private struct Oracle {
        let groups: [[String]]
        let records: [[Int64]]

        /// Runs the script once; it is part of the tests and not of the program.
        init() throws {
            let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/starts.py").path
            let directory = try TemporaryDirectory()
            let result = try ChildRun("python3", ["-B", script, directory.path + "/starts"]).wait()
            #expect(result.status == 0, "\(result.errors)")
            let data = try #require(directory.contents("starts"))
            let end = try #require(data.range(of: Data("\n\n".utf8)))
            groups = String(decoding: data[..<end.lowerBound], as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            let numbers = data[end.upperBound...].withUnsafeBytes { bytes in
                (0..<(bytes.count / 8)).map { bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }
            }
            records = stride(from: 0, to: numbers.count, by: 12).map { Array(numbers[$0..<($0 + 12)]) }
        }
    }

    private static func recurrence(_ record: [Int64]) -> Schedule.Recurrence? {
        let minute = Int(record[1] < 2 ? record[2] : record[3])
        guard let quarter = Quarter.allCases.first(where: { $0.firstMinute == minute % 60 }) else { return nil }
        let slot = StartSlot(hour: minute / 60, quarter: quarter)
        return switch record[1] {
        case 0: .hourly(quarter)
        case 1: .daily(slot)
        case 2: .weekly([Weekday.allCases[Int(record[2])]], slot)
        case 3: .monthly(record[2] == 0 ? .last : .day(Int(record[2])), slot)
        default: .once(CivilDate(daysSince1970: Int(record[2])), slot)
        }
    }

    @Test("SCH-1, T30, T33: every schedule in every zone on every transition day of 2024 to 2030 starts when zoneinfo says")
    func agreesWithZoneinfo() throws {
        let oracle = try Oracle()
        #expect(oracle.groups.joined().count > 590)
        #expect(oracle.records.count > 100_000)
        var differences: [String] = []
        var compared = 0
        for record in oracle.records {
            let recurrence = try #require(Self.recurrence(record))
            // Zones that are one under several names are asked in turn, and all of them for each of their days' first case.
            let names = oracle.groups[Int(record[0])]
            let wanted = stride(from: 6, to: 12, by: 2).map { ScheduledStart(slot: record[$0], at: record[$0 + 1]) }.filter { $0.slot != 0 }
            let asked = record[1] == 1 && record[2] % 60 == 0 ? names : [names[Int(record[4]) % names.count]]
            for name in asked {
                let calculator = try StartCalculator(Schedule(recurrence, zone: name), seed: UInt64(record[4]))
                let found = calculator.starts(after: record[5], count: record[1] < 2 ? 3 : 1)
                compared += 1
                if found != wanted { differences.append("\(name) \(record) -> \(found)") }
            }
        }
        #expect(compared > oracle.records.count)
        #expect(differences.isEmpty, "\(differences.count) differences, the first: \(differences.prefix(3))")
    }
}
