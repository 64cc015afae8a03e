import ConnectModel
import Foundation
import RunEngine
import Synchronization

/// Log lines go to the run's file and to the host; progress goes to the host, a few times a second.
final class WorkerReporter: RunReporter {
    private let channel: WorkerChannel
    private let file: RunLogFile?
    private let redaction: Redaction
    private let lastProgress = Mutex<(phase: String, at: Int64)>(("", 0))

    init(channel: WorkerChannel, file: RunLogFile?, redaction: Redaction) {
        self.channel = channel
        self.file = file
        self.redaction = redaction
    }

    func log(_ level: LogLine.Level, _ message: String, _ fields: [String: String]) {
        let line = redaction.redacted(LogLine(atUnixMilliseconds: Composition.now(), level: level, message: message, fields: fields))
        file?.append(line)
        channel.send(.log(line))
    }

    func progress(_ progress: RunProgress) {
        let now = Composition.now()
        let isDue = lastProgress.withLock { last in
            guard last.phase != progress.phase || now - last.at >= 100 else { return false }
            last = (progress.phase, now)
            return true
        }
        if isDue { channel.send(.progress(progress)) }
    }

    func step(_ step: ConnectionStep) {
        var clean = step
        clean.message = redaction.redacted(step.message)
        channel.send(.step(clean))
    }
}
