namespace Tlmsp.Tool.Decode;

/// <summary>What a captured connection holds.</summary>
/// <param name="Records">In the order of the capture; where it has no times, in the order in which a conversation goes.</param>
/// <param name="RestToServer">Bytes towards the server behind the last whole record.</param>
/// <param name="RestToClient">The same towards the client.</param>
internal sealed record DecodedHop(IReadOnlyList<DecodedRecord> Records, int RestToServer, int RestToClient);

/// <summary>Decodes a captured connection.</summary>
internal static class HopDecoder
{
    public static DecodedHop Decode(CapturedHop hop, IReadOnlyList<KeyLogEntry> keys)
    {
        var session = new HopSession(keys);
        var toServer = new DirectionDecoder(Direction.ClientToServer, session);
        var toClient = new DirectionDecoder(Direction.ServerToClient, session);
        var records = new List<DecodedRecord>();
        foreach (CapturedPiece piece in hop.Pieces)
        {
            (piece.Direction == Direction.ClientToServer ? toServer : toClient).Add(piece.Bytes.Span);
            Take(piece.Time, isLast: false);
        }

        Take(hop.Pieces.Count > 0 ? hop.Pieces[^1].Time : null, isLast: true);
        bool hasTimes = hop.Pieces.Any(piece => piece.Time is not null);
        return new DecodedHop(hasTimes ? records : [.. records.OrderBy(record => record.Phase)], toServer.Rest, toClient.Rest);

        void Take(TimeSpan? time, bool isLast)
        {
            // Each direction may have waited for something that the other one says.
            int before;
            do
            {
                before = records.Count;
                foreach (DirectionDecoder decoder in (DirectionDecoder[])[toServer, toClient])
                {
                    while (decoder.Next(time, isLast) is { } record)
                    {
                        records.Add(record);
                    }
                }
            }
            while (records.Count > before);
        }
    }
}
