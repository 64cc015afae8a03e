import ConnectModel
import StoreAPI

/// Which changes a run exports: since the job's watermark, and where the job asks for it, those of each run that failed since then on their own (EXP-7).
struct ExportWindows {
    struct Window {
        /// Whose number and date the file carries.
        var run: RunID
        var atUnixMilliseconds: Int64
        /// nil: every record.
        var from: ChangeMark?
        /// nil: up to now.
        var through: ChangeMark?
    }

    let from: ChangeMark?
    /// Oldest first; the run's own is the last.
    let all: [Window]

    init(of run: Run, _ definition: ExportDefinition, _ control: any ControlStore) throws {
        let from = definition.isChangesOnly ? try control.exportMark(of: run.id.job)?.mark : nil
        var windows: [Window] = []
        if definition.isChangesOnly, definition.processesMissed, definition.source.kind != .view {
            // Runs since the last that succeeded, which know what they were to read up to.
            let earlier = try control.runs(job: run.id.job, limit: 500).filter { $0.id.number < run.id.number }.prefix { $0.status != .succeeded }
            for missed in earlier.reversed() where missed.status == .failed {
                guard let upTo = missed.export?.to else { continue }
                windows.append(
                    Window(run: missed.id, atUnixMilliseconds: missed.createdAtUnixMilliseconds, from: windows.last?.through ?? from, through: upTo))
            }
        }
        self.from = from
        all = windows + [Window(run: run.id, atUnixMilliseconds: run.createdAtUnixMilliseconds, from: windows.last?.through ?? from, through: nil)]
    }
}
