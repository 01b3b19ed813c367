using Tlmsp.Tool.Cli;

return await ToolApp.RunAsync(args, ToolConsole.OfProcess());
