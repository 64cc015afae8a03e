import ConnectModel
import Foundation

/// Shows a run's messages while it is on: a bar on a terminal, plain lines otherwise. On standard error, so that results can be piped.
final class ProgressDisplay {
    private let isTerminal = isatty(2) != 0
    private let isQuiet: Bool
    private var hasBar = false
    private var lastPhase = ""
    private var lastPlainLine = Date.distantPast
    private let started = Date()

    init(quiet: Bool) { isQuiet = quiet }

    func show(_ message: WorkerMessage) {
        guard !isQuiet else { return }
        switch message {
        case .log(let line) where line.level != .debug: show(line)
        case .progress(let progress): show(progress)
        default: break
        }
    }

    func end() {
        if hasBar { write("\r\u{1B}[K") }
        hasBar = false
    }

    private func show(_ line: LogLine) {
        end()
        let mark =
            switch line.level {
            case .warning: "warning: "
            case .error: "error: "
            default: ""
            }
        write("\(mark)\(line.message)\n")
    }

    private func show(_ progress: RunProgress) {
        if isTerminal {
            write("\r\u{1B}[K\(bar(progress))")
            hasBar = true
        } else if progress.phase != lastPhase || Date().timeIntervalSince(lastPlainLine) > 10 {
            write("\(summary(progress))\n")
            lastPhase = progress.phase
            lastPlainLine = Date()
        }
    }

    private func bar(_ progress: RunProgress) -> String {
        let (done, total) =
            progress.phase == "merging" ? (progress.merged, Optional(progress.records - progress.rejected)) : (progress.bytes, progress.totalBytes)
        guard let total, total > 0 else { return summary(progress) }
        let share = min(1, Double(done) / Double(total))
        let filled = Int(share * 28)
        let blocks = String(repeating: "█", count: filled) + String(repeating: "░", count: 28 - filled)
        return "\(blocks) \(String(format: "%3.0f%%", share * 100))  \(summary(progress))"
    }

    private func summary(_ progress: RunProgress) -> String {
        let elapsed = Moment.duration(Int64(Date().timeIntervalSince(started) * 1000))
        let records = "\(Moment.number(progress.records)) records"
        let rejected = progress.rejected > 0 ? ", \(Moment.number(progress.rejected)) rejected" : ""
        return "\(progress.phase): \(records)\(rejected), \(Moment.bytes(progress.bytes)), \(elapsed)"
    }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
