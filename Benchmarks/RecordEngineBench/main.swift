import ConnectModel
import Foundation
import RecordEngine

/// usage: RecordEngineBench generate FILE [ROWS] | parse FILE | check FILE TLDS
let arguments = CommandLine.arguments

final class FileSource: ByteSource {
    private let descriptor: Int32
    init(path: String) { descriptor = open(path, O_RDONLY) }
    deinit { close(descriptor) }
    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int { max(Foundation.read(descriptor, buffer.baseAddress, buffer.count), 0) }
}

func report(_ name: String, _ seconds: [Double], bytes: Int, rows: Int64) {
    let sorted = seconds.sorted()
    let median = sorted[sorted.count / 2]
    let rate = Int(Double(bytes) / median / 1e6)
    let times = "median \(String(format: "%.3f", median)) s, best \(String(format: "%.3f", sorted[0])) s"
    print("\(name): \(times), \(rate) MB/s, \(rows) rows, peak \(peakMegabytes()) MB")
}

func peakMegabytes() -> Int {
    var usage = rusage()
    let whole: Int32 = 0  // RUSAGE_SELF, which glibc declares as an enumeration
    getrusage(whole, &usage)
    return usage.ru_maxrss / 1024
}

func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func run(_ arguments: [String]) throws {
    guard arguments.count >= 3 else { return print("usage: RecordEngineBench generate FILE [ROWS] | parse FILE | check FILE TLDS") }
    let path = arguments[2]
    switch arguments[1] {
    case "generate": try generate(path, rows: arguments.count > 3 ? Int(arguments[3]) ?? 1_000_000 : 1_000_000)
    case "parse": try parse(path)
    default: try check(path, tlds: arguments[3])
    }
}

func generate(_ path: String, rows: Int) throws {
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    guard let file = FileHandle(forWritingAtPath: path) else { return }
    var sample = Sample()
    var text = Sample.header
    for index in 0..<rows {
        text += sample.row(index)
        if text.utf8.count > 1 << 20 {
            file.write(Data(text.utf8))
            text = ""
        }
    }
    file.write(Data(text.utf8))
}

func parse(_ path: String) throws {
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    var seconds: [Double] = []
    var rows: Int64 = 0
    for _ in 0..<7 {
        let start = cpuSeconds()
        let reader = try DelimitedReader(source: FileSource(path: path), format: DelimitedFormat())
        while let batch = try reader.next() { reader.recycle(batch) }
        seconds.append(cpuSeconds() - start)
        rows = reader.recordCount
    }
    report("parse", seconds, bytes: bytes, rows: rows)
}

func check(_ path: String, tlds: String) throws {
    let bytes = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    let domains = try TopLevelDomains(path: tlds)
    let names =
        ["FIRST_NAME", "LAST_NAME", "TIER"].map { Field($0, .str100) } + [Field("BIRTH_DATE", .timestamp), Field("LAST_PURCHASE", .timestamp)]
    let list = AudienceTable(name: "CONTACTS", customFields: names)
    var parsing: [Double] = []
    var checking: [Double] = []
    var accepted: Int64 = 0
    for _ in 0..<5 {
        var (readTime, checkTime) = (0.0, 0.0)
        accepted = 0
        let reader = try DelimitedReader(source: FileSource(path: path), format: DelimitedFormat())
        let plan = MappingPlan.make(header: reader.header, target: MappingTarget(list), policy: MergePolicy())
        guard plan.isUsable else { return print(plan.problems) }
        let checker = RecordChecker(mapped: plan.columns, policy: MergePolicy(), rules: CheckRules(), topLevelDomains: domains)
        while true {
            let start = cpuSeconds()
            guard let batch = try reader.next() else { break }
            let middle = cpuSeconds()
            let checked = checker.check(batch)
            checkTime += cpuSeconds() - middle
            readTime += middle - start
            accepted += Int64(checked.acceptedCount)
            checker.recycle(checked)
            reader.recycle(checked.source)
        }
        parsing.append(readTime)
        checking.append(checkTime)
    }
    report("parse", parsing, bytes: bytes, rows: accepted)
    report("check", checking, bytes: bytes, rows: accepted)
}

try run(arguments)
