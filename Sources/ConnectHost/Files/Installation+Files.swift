public import ConnectModel
import RunEngine

/// Looks at files on servers, by a worker, for people who have no job for them yet.
extension Installation {
    /// What is in a directory below the server's own. Throws `directory.missing` (configuration).
    public func directory(_ directory: String, on server: String) throws -> [RemoteFile] {
        guard case .directory(let files) = try look(.browse(directory: directory), server) else { throw Self.otherAnswer }
        return files
    }

    /// What a file seems to be, and a job file for it. `member` is the file wanted from an archive.
    public func inspectFile(_ path: String, on server: String, member: String?, rows: Int) throws -> FileInspection {
        guard case .inspected(var inspection) = try look(.inspectFile(path: path, member: member, rows: rows), server) else { throw Self.otherAnswer }
        if let table = inspection.table, let job = inspection.job { inspection.jobFile = try document(of: table, job) }
        return inspection
    }

    /// Whatever the file's name, it may turn out to be encrypted.
    private func look(_ task: WorkerRequest.Task, _ server: String) throws -> WorkerResult {
        let request = try workerRequest(
            task, connections: [connection(to: server)], passphrases: passphrases().mapValues { $0.reveal() })
        return try workers.perform(request, onMessage: { _ in })
    }

    private static let otherAnswer = ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
}
