import ConnectModel
import RunEngine

extension Installation {
    /// What a worker is asked in this home, held to where the administrator lets connectors connect to.
    func workerRequest(
        _ task: WorkerRequest.Task, connections: [ServerConnection], isDetached: Bool = false, limits: WorkerLimits = .standard,
        job: JobConnection? = nil, passphrases: [String: String] = [:]
    ) throws -> WorkerRequest {
        WorkerRequest(
            home: home.root, task: task, connections: connections, network: try networkAllowance().files, isDetached: isDetached, limits: limits,
            job: job,
            passphrases: passphrases)
    }
}
