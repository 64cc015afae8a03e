import ConnectModel
import RecordEngine
import StoreAPI

/// Takes the custom events that loads have raised in a table over into the event store, where feeds export them; each once (IMP-11).
///
/// They were committed with their load. Here they are stored, durably, and then forgotten in the table. Each has an id made of run, name and row, so one
/// that a crash between the two brings here again is not stored a second time: what was stored first stands, whatever the list says by then.
struct CustomEventHandover {
    /// Their type in the event store. One for all names, since a name may be that of another type.
    static let type = "CUSTOM_EVENT"

    private static let mostAtOnce = 50_000
    private let environment: RunEnvironment

    init(_ environment: RunEnvironment) { self.environment = environment }

    /// Everything that waits in the table, of earlier loads too. Returns how many events the store did not have yet.
    func handOver(from table: String) throws -> Int64 {
        let audience = environment.audience
        var waiting = try audience.customEvents(of: table, after: nil, limit: Self.mostAtOnce)
        guard !waiting.isEmpty else { return 0 }
        let ingest = try environment.events().beginIngest(types: [Self.type])
        let fields = try Fields(ingest)
        let people = try EventPeople(of: audience.table(named: table), in: audience)
        let batch = EventBatch()
        var stored: Int64 = 0
        while let last = waiting.last {
            try environment.cancellation.check()
            batch.removeAll()
            let found = try people.people(of: waiting.map(\.recipient))
            for event in waiting { fields.append(event, found[event.recipient], table: table, list: people.listOfRecipients, to: batch) }
            stored += try ingest.store(batch, atUnixMilliseconds: environment.clock()).stored
            Failpoint.hit("events.stored")
            try audience.discardCustomEvents(of: table, through: last.place)
            waiting = try audience.customEvents(of: table, after: nil, limit: Self.mostAtOnce)
        }
        return stored
    }

    /// The store's numbers of the fields that a custom event has (Docs/events.md).
    private struct Fields {
        let type: UInt32
        let name: UInt32
        let recipient: UInt32
        let customer: UInt32
        let email: UInt32
        let list: UInt32
        let table: UInt32
        let job: UInt32
        let run: UInt32

        init(_ names: any EventNames) throws {
            type = try names.type(CustomEventHandover.type)
            name = try names.field("EVENT_NAME")
            recipient = try names.field("RIID")
            customer = try names.field("CUSTOMER_ID")
            email = try names.field("EMAIL")
            list = try names.field("LIST_ID")
            table = try names.field("TABLE_NAME")
            job = try names.field("JOB_ID")
            run = try names.field("RUN_ID")
        }

        func append(_ event: CustomEvent, _ person: EventPeople.Person?, table tableName: String, list listName: String, to batch: EventBatch) {
            var values = [
                (name, event.name), (recipient, String(event.recipient)), (list, listName), (table, tableName), (job, event.run.job.description),
                (run, event.run.description),
            ]
            if let known = person?.customer { values.append((customer, known)) }
            if let known = person?.email { values.append((email, known)) }
            batch.append(type: type, id: event.id, capturedUnixMilliseconds: event.raisedAtUnixMilliseconds, values: values)
        }
    }
}
