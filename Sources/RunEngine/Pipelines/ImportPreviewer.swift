public import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// Says what a run would do, and writes nothing (IMP-18). The whole file is read and merged in thought, so the counts are exact.
public struct ImportPreviewer {
    private let environment: RunEnvironment
    private let kind: any ImportKind
    private let workDirectory: String
    static let mostRejectsShown = 10

    /// `workDirectory` is for spill files; its maker removes it.
    public init(_ environment: RunEnvironment, kind: any ImportKind, workDirectory: String) {
        self.environment = environment
        self.kind = kind
        self.workDirectory = workDirectory
    }

    public func preview(_ job: Job, rows: Int) throws -> ImportPreview {
        let written = try ImportDefinition(job.definition, of: kind)
        if let source = written.source {
            let reading = try SourceReading(source, written, job: job.id, environment: environment)
            return try preview(job, written, reading.place, try reading.open(), rows)
        }
        let transport = try environment.transport(to: written.server)
        defer { transport.close() }
        let definition = try written.named(from: transport)
        let now = Date(timeIntervalSince1970: Double(environment.clock()) / 1000)
        let source = try SourceSelection(definition: definition, transport: transport) { _ in false }.select(at: now)
        let input = try FileInput(definition: definition, source: source, transport: transport, environment: environment)
        var preview = try preview(job, definition, source, input, rows)
        // One file at a time on the connection: the data file is closed by now.
        try addScope(of: source, definition, job, transport, now, to: &preview)
        return preview
    }

    private func preview(_ job: Job, _ definition: ImportDefinition, _ source: SourceFile, _ input: any ImportInput, _ rows: Int) throws
        -> ImportPreview
    {
        defer { input.stop() }
        var destination = try ImportDestination.found(definition.target, in: environment.audience)
        if definition.target.generatedForDays != nil { destination.useEmptyModel() }
        let mapping = input.plannedMapping(onto: destination)
        var preview = describe(definition, source, input, mapping)
        if mapping.isUsable { try count(job, definition, input, mapping, destination, rows, &preview) }
        return preview
    }

    private func describe(_ definition: ImportDefinition, _ source: SourceFile, _ input: any ImportInput, _ mapping: MappingPlan) -> ImportPreview {
        var preview = ImportPreview(file: source)
        preview.header = input.header
        preview.mapping = mapping.previewColumns
        if definition.source == nil { describeFormat(definition, input, &preview) }
        preview.newFields = mapping.newFields
        preview.problems = mapping.problems
        return preview
    }

    private func describeFormat(_ definition: ImportDefinition, _ input: any ImportInput, _ preview: inout ImportPreview) {
        let detected = FormatDetection(sample: input.sample)
        preview.detected = [
            "charset": detected.charset.name, "delimiter": detected.delimiter == "\t" ? "tab" : detected.delimiter,
            "enclosure": detected.enclosure.rawValue, "header": String(detected.hasHeader), "line_end": detected.lineEnd?.rawValue ?? "none",
        ]
        preview.declared = [
            "charset": definition.charset, "delimiter": definition.delimiter, "enclosure": definition.enclosure,
            "header": String(definition.hasHeader),
        ]
        // Of a file that is split otherwise than the job says, the types are of other columns.
        guard detected.columnTypes.count == preview.mapping.count else { return }
        for (index, type) in detected.columnTypes.enumerated() { preview.mapping[index].type = type }
    }

    /// The audience scope file beside it (IMP-1). One that is missing or wrong would fail the run, and is a problem of the preview.
    private func addScope(
        of source: SourceFile, _ definition: ImportDefinition, _ job: Job, _ transport: any Transport, _ now: Date, to preview: inout ImportPreview
    ) throws {
        guard let scope = ScopeLoad(definition, run: RunID(job: job.id, number: Int64(getpid())), environment: environment) else { return }
        do {
            guard
                let file = try SourceSelection(definition: definition, transport: transport, isLoaded: { _ in false }).scopeFile(of: source, at: now)
            else { return }
            preview.scope = try scope.preview(file, transport)
        } catch let error as ConnectError where error.category == .configuration || error.category == .data {
            preview.problems.append(Problem(path: "target.scope_file", message: error.message))
        }
    }

    private func count(
        _ job: Job, _ definition: ImportDefinition, _ input: any ImportInput, _ mapping: MappingPlan, _ destination: ImportDestination, _ rows: Int,
        _ preview: inout ImportPreview
    ) throws {
        let checker = try input.checker(mapping, destination)
        // Fields that only the run will add cannot be compared with rows that do not have them yet; the merge is counted without them.
        let known = MappingPlan.known(mapping.columns, in: destination.mappingTarget)
        let counted = try input.checker(mapping, destination, columns: known)
        let load = try StagedLoads(
            destination, columns: counted.columns, run: RunID(job: job.id, number: Int64(getpid())), audience: environment.audience,
            workDirectory: workDirectory, loadedAtUnixMilliseconds: environment.clock())
        defer { load.discard() }
        var shown = preview
        try input.forEachBatch(checker) { checked in
            for row in 0..<checked.source.rowCount where shown.firstRows.count < rows {
                shown.firstRows.append(checked.source.columns.map { String(decoding: $0[row], as: UTF8.self) })
            }
            for (field, count) in checked.cut { shown.cut[field, default: 0] += count }
            for reject in checked.rejects {
                shown.rejectedByReason[reject.reason.rawValue, default: 0] += 1
                if shown.firstRejects.count < Self.mostRejectsShown {
                    shown.firstRejects.append(.init(line: reject.line, reason: reject.reason.sentence, field: reject.field))
                }
            }
            shown.records.read += Int64(checked.acceptedCount + checked.rejects.count)
            shown.records.rejected += Int64(checked.rejects.count)
            try load.stage(known.count == mapping.columns.count ? checked.batch : counted.check(checked.source).batch, accepted: checked.accepted)
        }
        let (counts, addedPeople) = try load.preview(destination, isCancelled: { environment.cancellation.isCancelled })
        shown.records.addedPeople = addedPeople
        shown.records.inserted = counts.inserted
        shown.records.updated = counts.updated
        shown.records.unchanged = counts.unchanged
        shown.records.skipped = counts.skipped
        shown.records.duplicates = counts.duplicates
        shown.records.rejected += counts.rejected
        preview = shown
    }
}

extension MappingPlan {
    /// Every column of the file, in its order, with where it goes and why.
    var previewColumns: [ImportPreview.Column] {
        let mapped = columns.map {
            ($0.sourceIndex, ImportPreview.Column(source: $0.sourceName, target: $0.field.name, reason: $0.reason, confidence: $0.confidence))
        }
        let left = unmapped.map { ($0.sourceIndex, ImportPreview.Column(source: $0.sourceName, target: nil, reason: $0.reason)) }
        return (mapped + left).sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// The mapped columns whose fields the table has.
    static func known(_ columns: [MappedColumn], in target: MappingTarget) -> [MappedColumn] { columns.filter { target.has($0.field.name) } }
}
