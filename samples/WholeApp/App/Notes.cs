using System.Collections.Concurrent;

namespace WholeApp.App;

/// <summary>A note.</summary>
internal sealed record Note(int Id, string Text);

/// <summary>JSON: a minimal API.</summary>
internal static class Notes
{
    public static void MapNotes(this WebApplication app)
    {
        var notes = new ConcurrentDictionary<int, Note>();
        app.MapGet("/notes/{id:int}", (int id) => notes.TryGetValue(id, out Note? note) ? Results.Ok(note) : Results.NotFound());
        app.MapPost("/notes", (Note note) =>
        {
            note = note with { Id = notes.Count + 1 };
            notes[note.Id] = note;
            return Results.Created($"/notes/{note.Id}", note);
        });
    }
}
