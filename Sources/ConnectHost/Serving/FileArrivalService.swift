import ConnectModel
import Foundation
import Logging
import RunEngine
import StoreAPI
import Synchronization

/// Starts jobs whose file has arrived. One listing serves all jobs of a directory.
final class FileArrivalService: BackgroundService {
    let name = "files"
    private let host: Installation
    private let looks = Mutex<[Place: Look]>([:])

    private struct Place: Hashable {
        var server: String
        var directory: String
    }

    private struct Look {
        var next: Int64
        var files: [SourceFile]?
        /// A server that cannot be reached is told of once.
        var isFailing = false
    }

    private struct Watched {
        var job: Job
        var arrival: FileArrival
        var everySeconds: Int64
    }

    init(_ host: Installation) { self.host = host }

    func perform(_ context: ServiceContext) throws -> Int64? {
        let watched = try host.control.watchedJobs().compactMap { id, seconds -> Watched? in
            guard let job = try host.control.job(id), job.active, host.expiry(of: job) == nil, let arrival = FileArrival(job.definition) else {
                return nil
            }
            return Watched(job: job, arrival: arrival, everySeconds: seconds)
        }
        let places = Dictionary(grouping: watched) { Place(server: $0.arrival.server, directory: $0.arrival.directory) }
        looks.withLock { looks in looks = looks.filter { places[$0.key] != nil } }
        for (place, jobs) in places where !context.isStopping() {
            let before = looks.withLock { $0[place] } ?? Look(next: 0)
            guard before.next <= context.now else { continue }
            look(at: place, jobs, before, context)
        }
        return looks.withLock { $0.values.map(\.next).min() }
    }

    private func look(at place: Place, _ jobs: [Watched], _ before: Look, _ context: ServiceContext) {
        var look = Look(next: context.now + 1000 * (jobs.map(\.everySeconds).min() ?? 60))
        do {
            let files = try host.files(on: place.server, in: place.directory, isStopping: context.isStopping)
            look.files = files
            for watched in jobs { try start(watched, files, before.files, context) }
        } catch {
            look.isFailing = true
            look.files = before.files
            if !before.isFailing {
                context.log.warning("files.unseen", metadata: ["server": "\(place.server)", "directory": "\(place.directory)", "error": "\(error)"])
            }
        }
        looks.withLock { $0[place] = look }
    }

    private func start(_ watched: Watched, _ files: [SourceFile], _ before: [SourceFile]?, _ context: ServiceContext) throws {
        let arrived = try watched.arrival.arrived(files, before: before, at: Date(timeIntervalSince1970: Double(context.now) / 1000))
        // A file that a run has taken and that still lies there (its run failed, or it could not be archived) starts none again.
        let taken = try host.control.runs(job: watched.job.id, limit: 20).compactMap(\.source)
        guard let file = arrived.first(where: { !taken.contains($0) }) else { return }
        guard try host.control.unfinishedRun(of: watched.job.id) == nil else { return }
        do {
            let run = try host.createRun(of: watched.job, origin: RunOrigin("file"))
            context.log.info("file.arrived", metadata: ["job": "\(watched.job.name)", "file": "\(file.path)", "run.id": "\(run.id)"])
            context.metrics.change { $0.startedByFile += 1 }
            context.wakeAll()
        } catch let error as ConnectError where error.code == "run.active" {
            // Somebody was faster by hand.
        }
    }
}

extension Installation {
    /// The files of a directory, listed by a worker, which has two minutes for it.
    func files(on server: String, in directory: String, isStopping: @escaping @Sendable () -> Bool) throws -> [SourceFile] {
        let end = ContinuousClock.now + .seconds(120)
        let request = try workerRequest(.listFiles(directory: directory), connections: [connection(to: server)])
        guard case .files(let files) = try workers.perform(request, stop: { isStopping() || ContinuousClock.now > end }, onMessage: { _ in }) else {
            throw ConnectError("worker.answer", .internal, "The worker gave another answer than was asked for.")
        }
        return files
    }
}
