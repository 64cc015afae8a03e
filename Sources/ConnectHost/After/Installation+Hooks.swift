public import ConnectModel
import Delivery
import Foundation
import StoreAPI

extension Installation {
    public func hooks() throws -> [EventHook] { try control.hooks() }

    public func existingHook(_ name: String) throws -> EventHook {
        let all = try control.hooks()
        if let hook = all.first(where: { $0.name == name }) { return hook }
        let close = Similarity.closest(to: name, among: all.map(\.name))
        throw ConnectError(
            "hook.missing", .configuration, "There is no hook \"\(name)\".",
            remedy: close.map { "Did you mean \"\($0)\"?" } ?? "`connecthost hooks list` shows what there is.")
    }

    /// Adds a hook. A webhook without a signing secret of its own gets one, which is returned this once.
    public func addHook(_ hook: EventHook, secrets: [String: Secret]) throws -> Secret? {
        guard try !control.hooks().contains(where: { $0.name == hook.name }) else {
            throw ConnectError(
                "hook.exists", .configuration, "There is a hook \"\(hook.name)\" already.",
                remedy:
                    "Its secrets are changed with `connecthost hooks set`; for anything else remove it first: connecthost hooks remove \(hook.name)")
        }
        var hook = hook
        var secrets = secrets
        var made: Secret?
        if case .webhook = hook.way, secrets["signing"] == nil, hook.secrets["signing"] == nil {
            let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
            made = Secret("whsec_" + Data(bytes).base64EncodedString())
            secrets["signing"] = made
        }
        for key in secrets.keys { hook.secrets[key] = .vault }
        try refuse("hook.invalid", "Hook \"\(hook.name)\" cannot be saved", hook.problems())
        for (key, secret) in secrets { try vault.set(secret, .hook(hook.name, key)) }
        try control.save(hook)
        return made
    }

    /// Gives a hook other secrets; those that are not named stay.
    public func setHook(_ name: String, secrets: [String: Secret], references: [String: SecretReference]) throws -> EventHook {
        var hook = try existingHook(name)
        hook.secrets.merge(references) { _, new in new }
        for key in secrets.keys { hook.secrets[key] = .vault }
        try refuse("hook.invalid", "Hook \"\(hook.name)\" cannot be saved", hook.problems())
        for (key, secret) in secrets { try vault.set(secret, .hook(hook.name, key)) }
        try control.save(hook)
        return hook
    }

    public func removeHook(_ name: String) throws { try control.removeHook(named: try existingHook(name).name) }

    /// Sends an event named "test" now; returns what the far side answered.
    public func testHook(_ name: String) throws -> String {
        let hook = try existingHook(name)
        let now = clock()
        let outcome = RunOutcome(
            subject: .job, run: "0.0", name: "test", kind: "test", status: .succeeded, startedAtUnixMilliseconds: now, finishedAtUnixMilliseconds: now
        )
        let id = "test/\(now)/event/test"
        let body = try CloudEvent(id: id, name: "test", outcome: outcome, source: "urn:connecthost:\(identity())").json()
        do throws(DeliveryFailure) { return try EventCourier(self).deliver(body, id: id, to: hook, stop: { false }).receipt ?? "" } catch {
            throw error.error
        }
    }
}
