import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// Says what a run would write: the name, the columns, the first rows. Nothing is written, and no server is asked.
struct ExportPreviewer {
    private let environment: RunEnvironment

    init(_ environment: RunEnvironment) { self.environment = environment }

    func preview(_ job: Job, rows: Int) throws -> ExportPreview {
        let definition = try ExportDefinition(job.definition, schema: JobSchema(DataExport()))
        let next = try (environment.control.runs(job: nil, limit: 1).first?.id.number ?? 0) + 1
        let moment = Date(timeIntervalSince1970: Double(environment.clock()) / 1000)
        let name = try definition.name.dataFile(
            run: RunID(job: job.id, number: next), at: moment, part: definition.splitRecords == nil ? nil : 1,
            form: try ExportFileNames.form(environment.control))
        var selection = try definition.selection(environment.control, environment.audience)
        let mark = definition.isChangesOnly ? try environment.control.exportMark(of: job.id) : nil
        selection.changedSince = definition.isChangesOnly ? mark?.mark ?? ChangeMark([:]) : nil
        selection.limit = rows
        var preview = ExportPreview(
            server: definition.server, file: RemotePath.join(definition.directory, name),
            readyFile: definition.readyFile == .none ? nil : RemotePath.join(definition.directory, definition.name.readyFile(name)), columns: [],
            isChangesOnly: mark != nil)
        try environment.audience.read(selection) { reader in
            preview.columns = reader.fields.map(\.name)
            let memory = MemorySink()
            let writer = DelimitedWriter(format: try definition.format(), columns: reader.fields, sink: memory)
            if definition.hasHeader { try writer.writeHeader(preview.columns) }
            let batch = RecordBatch(columnCount: reader.fields.count)
            while try reader.read(into: batch) {
                preview.firstRows += (0..<batch.rowCount).map { row in batch.columns.map { String(decoding: $0[row], as: UTF8.self) } }
                try writer.write(batch)
            }
            try writer.finish()
            preview.lines = String(decoding: memory.bytes, as: UTF8.self).split(whereSeparator: \.isNewline).map(String.init)
        }
        return preview
    }
}
