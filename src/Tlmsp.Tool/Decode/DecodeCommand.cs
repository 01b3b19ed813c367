using System.CommandLine;
using Tlmsp.Tool.Cli;

namespace Tlmsp.Tool.Decode;

internal static class DecodeCommand
{
    public static Command Create(ToolConsole console) => new("decode", "Decode a capture.");
}
