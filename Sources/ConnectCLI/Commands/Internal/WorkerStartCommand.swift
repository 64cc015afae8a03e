import ArgumentParser
import ConnectHost
import ConnectModel
import Foundation

/// How long it takes from asking for a worker until its connector does the first thing. For measuring.
struct WorkerStartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-worker", abstract: "Measure the start of workers: from the wish to a connector's first sign of work.",
        shouldDisplay: false)

    @Option(name: .long, help: "The server whose connection test is begun.") var server = FileServer.embeddedName
    @Option(name: .long, help: "How often.") var times = 21
    @OptionGroup var host: HostOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var milliseconds: [Double]
        var medianMilliseconds: Double
    }

    func run() throws {
        let opened = try host.open()
        var each: [Double] = []
        for _ in 0..<max(1, times) {
            let started = ContinuousClock.now
            var first: Duration?
            try opened.testServer(server, writingIn: nil) { _ in first = first ?? (ContinuousClock.now - started) }
            if let first { each.append(Double(first.components.seconds) * 1e3 + Double(first.components.attoseconds) / 1e15) }
        }
        let median = each.sorted()[safe: each.count / 2] ?? 0
        try Output(output).show(
            Report(milliseconds: each, medianMilliseconds: median), text: String(format: "median %.1f ms of %d", median, each.count))
    }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
