import ConnectModel
import Foundation
import StoreAPI

/// Files under temporary names that attempts before have left on a server: of this run, and of earlier ones of its job that failed or were given up.
///
/// A name tells the run that it is of and the one that wrote it, so nothing of another is touched.
struct ExportRemainders {
    private let environment: RunEnvironment
    private let transport: any Transport

    /// A run whose files may lie there, as their names are made.
    private struct Maker {
        var run: RunID
        var atUnixMilliseconds: Int64
        var definition: ExportDefinition
    }

    private static let mostEarlierRuns = 20

    init(_ environment: RunEnvironment, _ transport: any Transport) {
        self.environment = environment
        self.transport = transport
    }

    /// Whether runs since the last that succeeded may have left something where this one writes.
    func areLikely(before run: Run, _ definition: ExportDefinition) throws -> Bool { try !earlier(run, definition).isEmpty }

    func remove(of run: Run, _ windows: ExportWindows, _ definition: ExportDefinition) throws {
        let own = windows.all.map { Maker(run: $0.run, atUnixMilliseconds: $0.atUnixMilliseconds, definition: definition) }
        let earlier = try earlier(run, definition)
        let makers =
            own
            + earlier.map { earlier in
                Maker(run: earlier.run.id, atUnixMilliseconds: earlier.run.createdAtUnixMilliseconds, definition: earlier.definition)
            }
        let marks = Set(([run] + earlier.map(\.run)).map(TemporaryNames.mark))
        let form = try ExportFileNames.form(environment.control)
        for (directory, makers) in Dictionary(grouping: makers, by: \.definition.directory) { try remove(makers, marks, directory, form) }
    }

    private func earlier(_ run: Run, _ definition: ExportDefinition) throws -> [(run: Run, definition: ExportDefinition)] {
        let schema = JobSchema(DataExport())
        return try environment.control.runs(job: run.id.job, limit: Self.mostEarlierRuns).filter { $0.id.number < run.id.number }
            .prefix { $0.status != .succeeded }
            .compactMap { earlier in
                // One that never came to write left nothing, and one whose definition this version does not know cannot be told.
                guard earlier.status.isFinal, earlier.export?.server == definition.server,
                    let its = try? ExportDefinition(earlier.definition, schema: schema)
                else { return nil }
                return (earlier, its)
            }
    }

    private func remove(_ makers: [Maker], _ marks: Set<String>, _ directory: String, _ form: String) throws {
        var remainders: [(path: String, final: String)] = []
        do {
            try transport.list(directory) { entry in
                let name = RemotePath.name(entry.path)
                guard let parts = TemporaryNames.parts(name), parts.mark.map(marks.contains) ?? true else { return }
                remainders.append((RemotePath.join(directory, name), parts.final))
            }
        } catch let error as ConnectError where error.code == "file.missing" {}
        guard !remainders.isEmpty else { return }
        // Any number in a name may be that of a part.
        let parts = Set(remainders.flatMap { $0.final.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) } })
        var ours: Set<String> = []
        for maker in makers {
            let moment = Date(timeIntervalSince1970: Double(maker.atUnixMilliseconds) / 1000)
            for part in maker.definition.splitRecords == nil ? [nil] : parts.map(Optional.some) {
                let name = try maker.definition.name.dataFile(run: maker.run, at: moment, part: part, form: form)
                ours.formUnion([name, maker.definition.name.readyFile(name)])
            }
        }
        let publication = Publication(transport: transport)
        for remainder in remainders where ours.contains(remainder.final) { try publication.remove(remainder.path) }
    }
}
